import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { migrations, type TestDatabase, unmigratedDatabase } from '@lexecon/database/testing';

const main = join(process.cwd(), 'dist/apps/api/apps/api/src/main.js');

class Replica {
  output = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(environment: Record<string, string>) {
    const { PATH = '' } = process.env;
    this.#child = spawn(process.execPath, [main], { env: { PATH, PORT: '0', ...environment } });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** Address and demo key, once it has said how to use it. */
  async greeting(): Promise<{ readonly address: string; readonly key: string }> {
    for (let tries = 0; tries < 600; tries += 1) {
      const [, address, key] =
        /curl -s (http:[^ ]+)\/api\/v1\/decisions -H 'Authorization: Bearer ([^']+)'/.exec(this.output) ?? [];
      if (address !== undefined && key !== undefined) return { address, key };
      await pause(100);
    }
    throw new Error(`the replica does not greet:\n${this.output}`);
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }
}

describe('a first start of several replicas at once', () => {
  let database: TestDatabase;
  let folder: string;
  let replicas: readonly Replica[] = [];
  beforeAll(async () => {
    database = await unmigratedDatabase();
    folder = mkdtempSync(join(tmpdir(), 'lexecon-first-'));
  });
  afterAll(async () => {
    for (const replica of replicas) replica.stop();
    await Promise.all(replicas.map((replica) => replica.ended));
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes one history, one set of keys and one demo, and every replica decides', async () => {
    const environment = { DATABASE_URL: database.url, LEXECON_DATA_DIR: folder, NODE_ENV: 'development' };
    replicas = Array.from({ length: 3 }, () => new Replica(environment));
    const greetings = await Promise.all(replicas.map((replica) => replica.greeting()));
    const [first] = greetings;
    expect(new Set(greetings.map(({ key }) => key)).size).toBe(1);
    const outcomes = await Promise.all(
      greetings.map(async ({ address }) => {
        const body = {
          actor: { type: 'agent', id: 'support-bot', onBehalfOf: { type: 'user', id: 'u-1842' } },
          action: { name: 'database:read', properties: { limit: 50 } },
          resource: { type: 'table', id: 'orders' },
          context: { dataClasses: ['pii'], riskScore: 42 },
        };
        const headers = {
          authorization: `Bearer ${first?.key ?? ''}`,
          'content-type': 'application/json',
          prefer: 'wait=proof',
        };
        const answer = await fetch(`${address}/api/v1/decisions`, {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
        });
        const { outcome, receipt } = (await answer.json()) as { outcome: string; receipt: { index: number | null } };
        return `${outcome} ${receipt.index === null ? 'unproven' : 'proven'}`;
      }),
    );
    expect(outcomes).toEqual(['permit proven', 'permit proven', 'permit proven']);

    const source: DataSource = database.dataSource;
    const count = async (sql: string): Promise<number> =>
      Number((await source.query<{ n: string }[]>(`SELECT count(*) AS n FROM ${sql}`))[0]?.n);
    expect(await count('migration')).toBe(migrations.length);
    expect(await count(`ledger.signing_key WHERE retired_at IS NULL AND name LIKE '%/receipt'`)).toBe(1);
    expect(await count('ledger.signing_key')).toBe(2);
    expect(await count('ledger.shard')).toBe(1);
    expect(await count(`identity.account WHERE email LIKE '%@demo.invalid'`)).toBe(2);
    expect(await count(`identity.actor WHERE owner = 'demo'`)).toBe(2);
    expect(await count(`policy.version WHERE state = 'active'`)).toBe(2);
    expect(await count('policy.version')).toBe(2);
    expect(readdirSync(join(folder, 'keys')).sort()).toEqual(['ledger.key', 'receipt.key', 'vault.json']);
    for (const replica of replicas) expect(replica.output).not.toMatch(/"level":"?(error|fatal|50|60)"?/);
    expect(JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8'))).toMatchObject({ gatewayKey: first?.key });
  }, 120_000);
});
