import pg from 'pg';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { freshKeyFile, openKeyFile, SubjectVault } from '@lexecon/vault';
import { Idempotency } from './idempotency.js';

describe('idempotency keys', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await testDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 1 });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('are forgotten after a day, however many there are, a few thousand at a time', async () => {
    const now = new Date('2026-11-22T10:30:00Z');
    await pool.query(
      `INSERT INTO decision.idempotency (principal, key, body, decision_id, created_at)
       SELECT gen_random_uuid(), sha256(i::text::bytea), sha256(''), gen_random_uuid(), $1::timestamptz - make_interval(hours => h)
       FROM generate_series(1, 12000) i, unnest(ARRAY[25, 23]) h WHERE h = 25 OR i <= 3`,
      [now],
    );
    await pool.query(`
      CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT count(*) FROM gone) > 5000 THEN RAISE EXCEPTION 'too many at once'; END IF; RETURN NULL; END $$;
      CREATE TRIGGER few AFTER DELETE ON decision.idempotency REFERENCING OLD TABLE AS gone EXECUTE FUNCTION few()`);
    const keys = new Idempotency(database.dataSource, new SubjectVault(pool, await openKeyFile(freshKeyFile(), null)));
    expect(await keys.prune(now)).toBe(12_000);
    const { rows } = await pool.query<{ count: string }>('SELECT count(*) FROM decision.idempotency');
    expect(rows).toEqual([{ count: '3' }]);
  });
});
