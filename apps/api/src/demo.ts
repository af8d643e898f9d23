import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { permissionsOf, type Principal } from '@lexecon/auth';
import { underLock } from '@lexecon/database';
import { ActorRegistry, formatApiKey, freshApiKey, IdentityBootstrap } from '@lexecon/identity';
import { PolicyService } from '@lexecon/policy';
import { demoPolicies } from './demo.policies.js';
import type { Settings } from './settings.js';

/** Advisory lock under which a demo is made. */
const DEMO_LOCK = 7109;

/** What the demo start made, kept readable by its owner only in the data folder. */
interface Demo {
  readonly gatewayKey: string;
  readonly people: readonly DemoPerson[];
}

interface DemoPerson {
  readonly email: string;
  readonly role: 'policy-author' | 'policy-approver';
  readonly password: string;
  /** Base32. */
  readonly totpSecret: string;
}

export const demoFile = (settings: Settings): string => join(resolve(settings.LEXECON_DATA_DIR), 'demo.json');

/** Outside production: a gateway with a key, a registered agent, an author, an approver and policies for each outcome. May run at
 *  every start, and by several replicas at once: one after the other. Answers the gateway's key. */
export function ensureDemo(app: INestApplication, settings: Settings): Promise<string> {
  return underLock(app.get(DataSource), DEMO_LOCK, () => makeDemo(app, settings));
}

async function makeDemo(app: INestApplication, settings: Settings): Promise<string> {
  const demo = readDemo(settings);
  const identity = app.get(IdentityBootstrap);
  await identity.ensureActor(
    {
      type: 'service',
      name: 'demo-gateway',
      owner: 'demo',
      purpose: 'asks for decisions on behalf of any actor',
      roles: ['gateway'],
    },
    demo.gatewayKey,
  );
  await identity.ensureActor({
    type: 'agent',
    name: 'support-bot',
    owner: 'demo',
    purpose: 'answers support questions',
    roles: ['support-agent'],
  });
  for (const { email, role, password, totpSecret } of demo.people)
    await identity.ensurePerson({
      email,
      password,
      totpSecret,
      roles: [role],
      justification: 'made by the demo start',
    });
  await ensurePolicies(app.get(PolicyService));
  // Another replica may have made all this a moment ago: what is printed next must work here, too.
  await Promise.all([app.get(PolicyService).refresh(), app.get(ActorRegistry).refresh()]);
  return demo.gatewayKey;
}

/** The database was made by a demo start: its people and its gateway would come in with credentials that lie in a file. */
export class DemoData extends Error {}

/** Rejects with DemoData when anybody whom a demo start made may still come in. */
export async function refuseDemo(source: DataSource): Promise<void> {
  const [found] = await source.query<unknown[]>(
    `SELECT 1 FROM identity.account WHERE email LIKE '%@demo.invalid' AND status <> 'disabled'
     UNION ALL
     SELECT 1 FROM identity.actor WHERE name = 'demo-gateway' AND owner = 'demo' AND status <> 'disabled' LIMIT 1`,
  );
  if (found !== undefined)
    throw new DemoData(
      'DATABASE_URL leads to a database with demo data, which production and a HOST beyond loopback refuse',
    );
}

function readDemo(settings: Settings): Demo {
  const file = demoFile(settings);
  const kept = keptDemo(file);
  const demo = {
    people: kept?.people ?? freshPeople(),
    gatewayKey: settings.LEXECON_DEMO_KEY ?? kept?.gatewayKey ?? formatApiKey(freshApiKey('demo')),
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  return demo;
}

function keptDemo(file: string): Demo | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Demo;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function freshPeople(): readonly DemoPerson[] {
  return (['policy-author', 'policy-approver'] as const).map((role) => ({
    role,
    email: `${role}@demo.invalid`,
    password: randomBytes(18).toString('base64url'),
    totpSecret: [...randomBytes(32)].map((byte) => BASE32[byte % 32]).join(''),
  }));
}

/** The demo's own policies are written, approved and activated by two different accounts. */
async function ensurePolicies(policies: PolicyService): Promise<void> {
  if ((await policies.list()).length > 0) return;
  const [author, approver] = [person('policy-author', 1), person('policy-approver', 2)];
  for (const source of demoPolicies) {
    const { name, version } = await policies.create(author, source);
    await policies.approve(approver, name, version);
    await policies.activate(approver, name, version);
  }
}

const person = (role: string, n: number): Principal => {
  const id = `00000000-0000-7000-8000-00000000000${String(n)}`;
  return { kind: 'person', id, name: id, roles: [role], permissions: permissionsOf([role]), fresh: true };
};
