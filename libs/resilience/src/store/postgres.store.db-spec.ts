import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { PostgresStore } from './postgres.store.js';
import { SharedLimits } from './shared-limits.js';
import { sharedBucketTests } from './store.testing.js';

describe('buckets shared over PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  sharedBucketTests(() => {
    const store = new PostgresStore(database.dataSource);
    const kept = async (): Promise<number> => {
      await store.prune();
      const [row] = await database.dataSource.query('SELECT count(*)::int AS kept FROM resilience.bucket');
      return row.kept;
    };
    return { store, twin: new PostgresStore(database.dataSource), kept };
  });

  it('survive a crash: the table is logged', async () => {
    const [row] = await database.dataSource.query(
      `SELECT relpersistence FROM pg_class WHERE oid = 'resilience.bucket'::regclass`,
    );
    expect(row.relpersistence).toBe('p');
  });

  it('keep a hash, and nothing of the address that was counted', async () => {
    const limits = new SharedLimits(new PostgresStore(database.dataSource));
    await limits.take({ name: 'password account', burst: 5, perSecond: 0.1 }, 'ada@example.com');
    const rows = await database.dataSource.query('SELECT b.key, b::text AS text FROM resilience.bucket b');
    expect(rows.length).toBeGreaterThan(0);
    for (const { key, text } of rows) {
      expect(key).toHaveLength(32);
      expect(text).not.toContain('example');
    }
  });

  it('refuse with 503 while the database does not answer', async () => {
    const down = { query: () => Promise.reject(new Error('connect ECONNREFUSED')) };
    const limits = new SharedLimits(new PostgresStore(down));
    const refused = limits.take({ name: 'password account', burst: 5, perSecond: 0.1 }, 'a');
    await expect(refused).rejects.toMatchObject({ problem: { status: 503, type: 'limits-unavailable' } });
  });
});
