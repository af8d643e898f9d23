import { randomBytes } from 'node:crypto';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { dataSourceOptions, migrate } from './migrate.js';

export { migrations } from './migrations/index.js';

export interface TestDatabase {
  readonly url: string;
  readonly dataSource: DataSource;
  drop(): Promise<void>;
}

/** A fresh, migrated database of its own on the server TEST_DATABASE_URL names (a superuser's URL). */
export async function testDatabase(entities: NonNullable<DataSourceOptions['entities']> = []): Promise<TestDatabase> {
  const database = await unmigratedDatabase(entities);
  await migrate(database.url);
  return database;
}

/** The same, as empty as a new installation finds it. */
export async function unmigratedDatabase(
  entities: NonNullable<DataSourceOptions['entities']> = [],
): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server) throw new Error('TEST_DATABASE_URL is not set: run through `npm test`, or scripts/test-database.mjs');
  const admin = await new DataSource({ type: 'postgres', url: server, poolSize: 2 }).initialize();
  const name = `test_${randomBytes(6).toString('hex')}`;
  try {
    await admin.query(`CREATE DATABASE ${name}`);
  } finally {
    await admin.destroy();
  }
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const dataSource = await new DataSource(dataSourceOptions({ url, entities })).initialize();
  return {
    url,
    dataSource,
    async drop() {
      await dataSource.destroy();
      const last = await new DataSource({ type: 'postgres', url: server, poolSize: 1 }).initialize();
      await last.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await last.destroy();
    },
  };
}
