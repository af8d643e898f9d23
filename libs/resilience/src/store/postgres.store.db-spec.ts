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

  it('leave when they are full, some at a time, and no others', async () => {
    const { dataSource } = database;
    await dataSource.query(
      `INSERT INTO resilience.bucket SELECT sha256(i::text::bytea), now() + CASE WHEN i <= 25 THEN -1 ELSE 60 END * interval '1 s'
       FROM generate_series(1, 30) i`,
    );
    const counts: number[] = [];
    const counting = {
      query: async (...given: Parameters<typeof dataSource.query>) => {
        const answer = await dataSource.query(...given);
        counts.push(answer[1]);
        return answer;
      },
    };
    await new PostgresStore(counting as Pick<typeof dataSource, 'query'>).prune(10);
    expect(Math.max(...counts)).toBe(10);
    const [row] = await dataSource.query(
      `SELECT count(*) FILTER (WHERE full_at <= now())::int AS full, count(*)::int AS kept FROM resilience.bucket`,
    );
    expect(row.full).toBe(0);
    expect(row.kept).toBeGreaterThanOrEqual(5);
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
