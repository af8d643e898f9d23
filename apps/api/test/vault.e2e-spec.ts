import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KmsServer } from '../../../test/aws/kms.server.js';
import { testServer, type TestServer } from './server.testing.js';

const program = join(process.cwd(), 'dist/apps/api/apps/api/src/vault.js');

describe('changing the keys of the vault', () => {
  let server: TestServer;
  let kms: KmsServer;
  beforeAll(async () => {
    server = await testServer();
    kms = await KmsServer.start();
    kms.newKey('alias/lexecon');
  });
  afterAll(async () => {
    await server.close();
    await kms.stop();
  });

  const file = (): string => join(server.folder, 'keys', 'vault.json');
  const vault = async (args: readonly string[], kmsKey = ''): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
      env: {
        ...process.env,
        NODE_ENV: 'test',
        DATABASE_URL: server.databaseUrl,
        LEXECON_DATA_DIR: server.folder,
        VAULT_KMS_KEY: kmsKey,
        AWS_ACCESS_KEY_ID: kms.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: kms.credentials.secretAccessKey,
      },
    });
    return stdout.trim();
  };
  /** The changed file takes the place of the key file. */
  const replaceBy = (next: string): void => {
    expect(statSync(next).mode & 0o777).toBe(0o600);
    copyFileSync(next, file());
    rmSync(next);
  };
  const headers = (): Record<string, string> => ({
    authorization: `Bearer ${server.tokenFor({})}`,
    'content-type': 'application/json',
  });
  const decide = async (of: TestServer, token: string): Promise<Response> =>
    fetch(`${of.url}/api/v1/decisions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        actor: { type: 'agent', id: 'one', onBehalfOf: { type: 'user', id: 'u-1' } },
        action: { name: 'database:read' },
        resource: { type: 'table', id: 'orders' },
      }),
    });

  it('makes a new epoch in a wrapped file, wraps every subject anew, and has it on record', async () => {
    const decided = await decide(server, server.tokenFor({}));
    const { id } = (await decided.json()) as { id: string };
    expect(decided.status).toBe(200);
    const next = join(server.folder, 'next.json');
    await vault(['wrap', next], kms.setting('alias/lexecon'));
    replaceBy(next);
    await vault(['epoch', '2026-12', next], kms.setting('alias/lexecon'));
    replaceBy(next);
    expect(await vault(['rewrap'], kms.setting('alias/lexecon'))).toMatch(
      /^[1-9]\d* wrapped anew under 2026-12; left: none$/,
    );
    await vault(['drop', 'k1', next], kms.setting('alias/lexecon'));
    replaceBy(next);
    expect(Object.keys((JSON.parse(readFileSync(file(), 'utf8')) as { keks: object }).keks)).toEqual(['2026-12']);

    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: kms.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: kms.credentials.secretAccessKey,
    });
    const twin = await testServer({ VAULT_KMS_KEY: kms.setting('alias/lexecon') }, server);
    const token = twin.tokenFor({});
    const read = await fetch(`${twin.url}/api/v1/decisions/${id}`, { headers: { authorization: `Bearer ${token}` } });
    expect(await read.json()).toMatchObject({ id });
    expect((await decide(twin, token)).status).toBe(200);
    await twin.close();

    const deadline = Date.now() + 10_000;
    let exported = '';
    while (!exported.includes('subject keys wrapped anew') && Date.now() < deadline)
      exported = await (await fetch(`${server.url}/api/v1/ledger/export`, { headers: headers() })).text();
    expect(exported).toContain('"event":"subject keys wrapped anew"');
  });

  it('says what it can do, and makes nothing, when it is called wrongly', async () => {
    await expect(vault(['rotate'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('vault rewrap') as string,
    });
    await expect(vault(['wrap', join(server.folder, 'x')])).rejects.toMatchObject({
      code: 1,
      stderr: 'VAULT_KMS_KEY: it is not set\n',
    });
  });
});
