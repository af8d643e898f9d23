import pg from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from './migrate.js';
import { testDatabase, type TestDatabase } from './testing.js';
import { isUnavailable } from './unavailable.js';

describe('a database that cannot be asked', () => {
  let database: TestDatabase;
  const pools: pg.Pool[] = [];
  const pool = (config: pg.PoolConfig = {}): pg.Pool => {
    const made = new pg.Pool({ connectionString: database.url, max: 1, ...config });
    made.on('error', () => undefined);
    pools.push(made);
    return made;
  };
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => {
        throw new Error('it did not fail');
      },
      (error: unknown) => error,
    );

  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(async () => {
    await Promise.all(pools.map((one) => one.end()));
    await database.drop();
  });

  it('is told from a fault of ours: no connection free in time', async () => {
    const busy = pool({ connectionTimeoutMillis: 100 });
    const client = await busy.connect();
    expect(isUnavailable(await failure(busy.query('SELECT 1')))).toBe(true);
    client.release();
  });

  it('is told from a fault of ours: a statement that took too long, for the server or for us', async () => {
    expect(isUnavailable(await failure(pool({ statement_timeout: 50 }).query('SELECT pg_sleep(2)')))).toBe(true);
    expect(isUnavailable(await failure(pool({ query_timeout: 50 }).query('SELECT pg_sleep(1)')))).toBe(true);
  });

  it('is told from a fault of ours: a connection that was cut, nobody there, also as TypeORM tells it', async () => {
    const cut = pool();
    expect(isUnavailable(await failure(cut.query('SELECT pg_terminate_backend(pg_backend_pid())')))).toBe(true);
    const nobody = pool({ connectionString: 'postgres://u@127.0.0.1:1/x' });
    expect(isUnavailable(await failure(nobody.query('SELECT 1')))).toBe(true);
    const source = await new DataSource(dataSourceOptions({ url: database.url, poolSize: 1 })).initialize();
    const sleep = `SET statement_timeout = 50; SELECT pg_sleep(2)`;
    expect(isUnavailable(await failure(source.query(sleep)))).toBe(true);
    await source.destroy();
  });

  it.each(['SELECT nothing', 'SELEC', `SELECT 'x'::uuid`, 'INSERT INTO ledger.shard (log_id) VALUES (1)'])(
    'is not meant by the failure of %s',
    async (sql) => {
      expect(isUnavailable(await failure(pool().query(sql)))).toBe(false);
      expect(isUnavailable(await failure(database.dataSource.query(sql)))).toBe(false);
    },
  );
});
