import { DataSource } from 'typeorm';
import { dataSourceOptions } from './migrate.js';
import { testDatabase, type TestDatabase } from './testing.js';

describe('a statement that is not answered', () => {
  let database: TestDatabase;
  let source: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    const options = dataSourceOptions({ url: database.url, poolSize: 1 });
    const { extra } = options as { readonly extra: object };
    source = await new DataSource({
      ...options,
      extra: { ...extra, statement_timeout: 0, query_timeout: 200 },
    }).initialize();
  });

  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  it('fails when its time is over, and its connection is not given to the next caller', async () => {
    await expect(source.query('SELECT pg_sleep(3)')).rejects.toThrow('Query read timeout');
    const began = performance.now();
    expect(await source.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
