import pg from 'pg';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { addEpoch, dropEpoch } from './key-file.change.js';
import { freshKeyFile, openKeyFile } from './key-file.js';
import { rewrap } from './rewrap.js';
import { SubjectVault } from './subject-vault.js';
import type { VaultKeys } from './vault-keys.js';

describe('wrapping the subject keys anew', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let before: VaultKeys;
  let both: VaultKeys;
  let after: VaultKeys;
  beforeEach(async () => {
    database = await testDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 4 });
    pool.on('error', () => undefined);
    const file = freshKeyFile();
    const next = await addEpoch(file, '2026-12', null);
    before = await openKeyFile(file, null);
    both = await openKeyFile(next, null);
    after = await openKeyFile(dropEpoch(next, 'k1'), null);
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  const subjects = Array.from({ length: 1_200 }, (_, i) => `user:${String(i)}`);
  const byKek = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (
        await pool.query<{ kek: string; n: number }>(
          'SELECT kek, count(*)::int AS n FROM vault.subject_key GROUP BY kek',
        )
      ).rows.map(({ kek, n }) => [kek, n]),
    );

  it('leaves every subject its key, and the old key encryption key nothing to open', async () => {
    const keys = await new SubjectVault(pool, before).keysOf(subjects);
    expect(await rewrap(pool, both)).toEqual({ count: 1_200, left: {} });
    expect(await rewrap(pool, both)).toEqual({ count: 0, left: {} });
    expect(await byKek()).toEqual({ '2026-12': 1_200 });
    expect(await new SubjectVault(pool, after).keysOf(subjects)).toEqual(keys);
  });

  it('goes on where a run was stopped, beside another run, an erasure and a replica of before', async () => {
    const vault = new SubjectVault(pool, both);
    const keys = await new SubjectVault(pool, before).keysOf(subjects);
    let statements = 0;
    const query = (sql: string, values: unknown[]): Promise<unknown> => {
      if (sql.includes('UPDATE') && ++statements > 1) return Promise.reject(new Error('stopped'));
      return pool.query(sql, values);
    };
    await expect(rewrap(Object.create(pool, { query: { value: query } }) as pg.Pool, both)).rejects.toThrow('stopped');
    expect(await byKek()).toEqual({ '2026-12': 500, k1: 700 });
    const [one, two] = await Promise.all([rewrap(pool, both), rewrap(pool, both), vault.erase('user:7')]);
    expect(one.count + two.count).toBeGreaterThanOrEqual(699);
    await new SubjectVault(pool, before).keysOf(['user:late']);
    expect((await rewrap(pool, both)).left).toEqual({});
    expect(await byKek()).toEqual({ '2026-12': 1_200 });
    const left = await new SubjectVault(pool, after).keysOf(subjects.filter((subject) => subject !== 'user:7'));
    expect(left).toEqual(keys.filter((_, i) => i !== 7));
    expect((await new SubjectVault(pool, after).openAll([keys[7]?.id ?? ''])).size).toBe(0);
  });
});
