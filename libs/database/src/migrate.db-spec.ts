import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { schemaLines } from '../test/schema.js';
import { dataSourceOptions, migrate } from './migrate.js';
import { migrations } from './migrations/index.js';
import { testDatabase, type TestDatabase, unmigratedDatabase } from './testing.js';

const folder = fileURLToPath(new URL('./migrations', import.meta.url));
const snapshot = fileURLToPath(new URL('../test/schema.snapshot.txt', import.meta.url));

describe('the history of the schema', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(async () => {
    await database.drop();
  });

  it('gives the schema of the snapshot', async () => {
    const lines = `${(await schemaLines(database.dataSource)).join('\n')}\n`;
    if (process.env['WRITE_SCHEMA_SNAPSHOT']) writeFileSync(snapshot, lines);
    expect(lines).toBe(readFileSync(snapshot, 'utf8'));
  });

  it('is applied once, however many replicas start together', async () => {
    await database.dataSource.query('DELETE FROM migration');
    for (const { schema } of await database.dataSource.query<{ schema: string }[]>(
      `SELECT nspname AS schema FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'`,
    ))
      await database.dataSource.query(`DROP SCHEMA ${schema} CASCADE`);
    const applied = await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
    expect(applied.map((names) => names.length).sort((a, b) => a - b)).toEqual([0, 0, migrations.length]);
    expect(`${(await schemaLines(database.dataSource)).join('\n')}\n`).toBe(readFileSync(snapshot, 'utf8'));
  });

  it('makes grants of the roles that accounts had, three administrators too, and of those that the release before goes on to write', async () => {
    const filled = await unmigratedDatabase();
    const id = (n: number): string => `0199f0c4-0000-7000-8000-00000000000${String(n)}`;
    const add = (source: DataSource, n: number, roles: string, by: string | null = null): Promise<unknown> =>
      source.query(
        `INSERT INTO identity.account (id, email, roles, justification, status, granted_by, password)
         VALUES ($1, $2, $3, $4, 'active', $5, 'hash')`,
        [id(n), `person${String(n)}@example.com`, roles, 'x'.repeat(1000), by],
      );
    try {
      const before = migrations.filter(({ name }) => Number(/\d+$/.exec(name)?.[0]) < 1764000000700);
      const release = new DataSource({ ...dataSourceOptions({ url: filled.url }), migrations: before });
      await release.initialize();
      await release.runMigrations();
      await add(release, 1, '{admin}');
      await add(release, 2, '{admin,admin,auditor}', id(1));
      await add(release, 3, '{admin}', id(2));
      await add(release, 4, '{}', id(1));
      await release.query(
        `INSERT INTO identity.session (hash, account_id, kind, expires_at, created_at)
         VALUES (sha256('s'), $1, 'full', now() + interval '1 hour', now() - interval '1 hour')`,
        [id(1)],
      );
      await migrate(filled.url);
      await add(release, 5, '{reviewer}', id(1));
      await release.destroy();
      const grants = await filled.dataSource.query(
        `SELECT right(account_id::text, 1) || ' ' || role || ' ' || source AS grant FROM identity.role_grant ORDER BY 1`,
      );
      expect(grants.map((row: { grant: string }) => row.grant)).toEqual([
        '1 admin bootstrap',
        '2 admin person',
        '2 auditor person',
        '3 admin person',
        '5 reviewer person',
      ]);
      const [session] = await filled.dataSource.query('SELECT proven_at = created_at AS stale FROM identity.session');
      expect(session).toEqual({ stale: true });
    } finally {
      await filled.drop();
    }
  }, 30_000);

  it('is listed in order, every file of the folder once', () => {
    const files = readdirSync(folder).filter((file) => /^\d+-[a-z-]+\.ts$/.test(file));
    const times = migrations.map((migration) => /\d{13}$/.exec(migration.name)?.[0]);
    expect(times).toEqual(files.sort().map((file) => file.slice(0, 13)));
  });

  it('only expands: no migration drops or renames what the version before uses', () => {
    for (const file of readdirSync(folder).filter((name) => name !== 'index.ts')) {
      const sql = readFileSync(join(folder, file), 'utf8');
      expect(sql).not.toMatch(/\b(DROP (TABLE|COLUMN|SCHEMA)|RENAME (TO|COLUMN)|ALTER COLUMN \w+ TYPE)\b/i);
      expect(sql).toContain('migrations are forward-only');
    }
  });
});
