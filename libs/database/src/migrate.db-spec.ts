import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { schemaLines } from '../test/schema.js';
import { migrate } from './migrate.js';
import { migrations } from './migrations/index.js';
import { testDatabase, type TestDatabase } from './testing.js';

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
