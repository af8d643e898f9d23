import { DataSource, type DataSourceOptions } from 'typeorm';
import { underLock } from './advisory-lock.js';
import { ImpatientClient } from './impatient-client.js';
import { migrations } from './migrations/index.js';

/** Oldest PostgreSQL this product runs on (major version). */
export const OLDEST_MAJOR = 14;
/** Replicas that start together migrate one after the other: the key of the advisory lock they wait for. */
const MIGRATION_LOCK = 7100;

export class UnsupportedDatabase extends Error {}

export interface DatabaseOptions {
  readonly url: string;
  /** Most connections of the pool that TypeORM uses; the ledger has its own. */
  readonly poolSize?: number;
  readonly entities?: DataSourceOptions['entities'];
}

export function dataSourceOptions({ url, poolSize = 8, entities = [] }: DatabaseOptions): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities,
    migrations,
    migrationsTransactionMode: 'each',
    migrationsTableName: 'migration',
    synchronize: false,
    poolSize,
    applicationName: 'lexecon',
    extra: {
      Client: ImpatientClient,
      statement_timeout: 5_000,
      query_timeout: 6_000,
      idle_in_transaction_session_timeout: 15_000,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    },
  };
}

/** Brings the schema up to date and returns the names of what was applied. Safe with any number of replicas starting at once.
 *  Rejects with UnsupportedDatabase when the server is older than PostgreSQL 14. */
export async function migrate(url: string): Promise<readonly string[]> {
  const source = new DataSource({ ...dataSourceOptions({ url, poolSize: 2 }), extra: {} });
  await source.initialize();
  try {
    await requireVersion(source);
    const applied = await underLock(source, MIGRATION_LOCK, () => source.runMigrations());
    return applied.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}

async function requireVersion(source: DataSource): Promise<void> {
  const [row] = await source.query<{ version: string }[]>("SELECT current_setting('server_version_num') AS version");
  requireNotOlder(Number(row?.version));
}

/** `version` as PostgreSQL numbers itself: 140023. Throws UnsupportedDatabase. */
export function requireNotOlder(version: number): void {
  const major = Math.floor(version / 10_000);
  if (major < OLDEST_MAJOR)
    throw new UnsupportedDatabase(
      `DATABASE_URL leads to PostgreSQL ${String(major)}; version ${String(OLDEST_MAJOR)} or newer is needed`,
    );
}
