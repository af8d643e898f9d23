import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { type Permission, permissions, type Principal, roles } from '@lexecon/auth';
import { testDatabase } from '@lexecon/database/testing';
import { IdentityAuthenticator, IdentityBootstrap } from '@lexecon/identity';
import { createLogger } from '../src/logging.js';
import { createServer } from '../src/server.js';
import { parseSettings } from '../src/settings.js';

export interface TestServer {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly databaseUrl: string;
  /** The data folder: keys, guard, demo. */
  readonly folder: string;
  /** Every log line so far. */
  readonly log: () => readonly string[];
  /** A token with which a person who has these permissions comes in. */
  readonly tokenFor: (principal: Partial<Principal>) => string;
  readonly close: () => Promise<void>;
}

export const everyPermission: ReadonlySet<Permission> = new Set(Object.keys(permissions) as Permission[]);

/** For tests that are not about limits. */
const unlimited = {
  LIMIT_READ: '1000000/s',
  LIMIT_WRITE: '1000000/s',
  LIMIT_EXPENSIVE: '1000000/s',
  LIMIT_ADDRESS: '10000000/s',
  SIGN_IN_REQUESTS_PER_MINUTE: '1000000',
  LIMIT_KEYS: '1000',
  // Machines that run tests are shared: their event loops lag without any attack.
  SHED_LAG_MS: '60000',
};

/** The whole server in this process, listening on a free port: on a database and a data folder of its own, or as a second replica on
 *  those of another test server. */
export async function testServer(
  environment: Record<string, string> = {},
  twin?: Pick<TestServer, 'databaseUrl' | 'folder'>,
): Promise<TestServer> {
  const database = twin ? null : await testDatabase();
  const folder = twin?.folder ?? mkdtempSync(join(tmpdir(), 'lexecon-api-'));
  const databaseUrl = twin?.databaseUrl ?? database?.url ?? '';
  const lines: string[] = [];
  const settings = parseSettings({
    NODE_ENV: 'test',
    PORT: '0',
    DATABASE_URL: databaseUrl,
    LEXECON_DATA_DIR: folder,
    ...unlimited,
    PUBLIC_URL: 'http://localhost:3000',
    ...environment,
  });
  const app = await createServer(settings, createLogger(settings, { write: (line: string) => void lines.push(line) }));
  await app.listen(0, '127.0.0.1');
  const guests = new Map<string, Principal>();
  letIn(app, guests);
  const host = await account(app, app.get(DataSource));
  return {
    app,
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    databaseUrl,
    folder,
    log: () => lines,
    tokenFor: (principal) => {
      const token = `guest-${String(guests.size)}`;
      guests.set(`Bearer ${token}`, { ...host, ...principal });
      return token;
    },
    async close() {
      await app.close();
      await database?.drop();
      if (!twin) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A person with every permission, who has an account like any other. */
async function account(app: NestFastifyApplication, source: DataSource): Promise<Principal> {
  const email = 'host@lexecon.example';
  await app.get(IdentityBootstrap).ensurePerson({
    email,
    password: 'a long enough password',
    totpSecret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    roles: ['auditor'],
    justification: 'lets guests in',
  });
  const [row] = await source.query<{ id: string }[]>('SELECT id FROM identity.account WHERE email = $1', [email]);
  const id = row?.id ?? '';
  return { kind: 'person', id, name: id, roles: Object.keys(roles), permissions: everyPermission, fresh: true };
}

/** Known guests come in without credentials of their own; everybody else meets the real authenticator. */
function letIn(app: NestFastifyApplication, guests: ReadonlyMap<string, Principal>): void {
  const authenticator = app.get(IdentityAuthenticator);
  const real = authenticator.authenticate.bind(authenticator);
  authenticator.authenticate = (request) => guests.get(request.headers.authorization ?? '') ?? real(request);
}
