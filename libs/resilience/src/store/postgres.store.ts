import type { DataSource } from 'typeorm';
import { type Bucket, fillMs } from '../core/index.js';
import type { BucketStore } from './bucket.store.js';

/** Buckets in a table that survives a crash. Each row holds when its bucket is full; a row whose time has come counts like none. */
export class PostgresStore implements BucketStore {
  constructor(private readonly dataSource: Pick<DataSource, 'query'>) {}

  async take(key: Buffer, bucket: Bucket, tokens: number): Promise<number> {
    const [row] = await this.dataSource.query<{ wait: number }[]>(TAKE, [key, costMs(bucket, tokens), fillMs(bucket)]);
    if (!row) throw new Error('a bucket was neither taken from nor found');
    return Math.max(0, row.wait);
  }

  async give(key: Buffer, bucket: Bucket, tokens: number): Promise<void> {
    await this.dataSource.query(
      `UPDATE resilience.bucket SET full_at = full_at - make_interval(secs => $2::float8 / 1000) WHERE key = $1`,
      [key, costMs(bucket, tokens)],
    );
  }

  async forget(key: Buffer): Promise<void> {
    await this.dataSource.query('DELETE FROM resilience.bucket WHERE key = $1', [key]);
  }

  async check(): Promise<void> {
    await this.dataSource.query('SELECT 1 FROM resilience.bucket LIMIT 1');
  }

  /** Lets full buckets go: they are equal to none. Some at a time: after an attack there are millions, and one statement over all of
   *  them would run into its time limit, again and again. */
  async prune(most = MOST_AT_ONCE): Promise<void> {
    for (let gone = most; gone === most;) {
      const [, count] = await this.dataSource.query<[unknown, number]>(PRUNE, [most]);
      gone = count;
    }
  }
}

const MOST_AT_ONCE = 5_000;

const PRUNE = `
DELETE FROM resilience.bucket WHERE full_at <= now() AND ctid = ANY (ARRAY(
  SELECT ctid FROM resilience.bucket WHERE full_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED))`;

/** The row's lock decides among replicas. A bucket that has refused already is only read: an attacker costs no write. Without a taken row
 *  the bucket refused, and the row that stands says how long to wait. */
const TAKE = `
WITH asked AS (SELECT make_interval(secs => $2::float8 / 1000) AS cost, make_interval(secs => $3::float8 / 1000) AS fill),
taken AS (
  INSERT INTO resilience.bucket AS b (key, full_at) SELECT $1::bytea, now() + cost FROM asked
  WHERE NOT EXISTS (SELECT FROM resilience.bucket WHERE key = $1 AND greatest(full_at, now()) + cost > now() + fill)
  ON CONFLICT (key) DO UPDATE SET full_at = greatest(b.full_at, now()) + make_interval(secs => $2::float8 / 1000)
    WHERE greatest(b.full_at, now()) + make_interval(secs => $2::float8 / 1000) <= now() + make_interval(secs => $3::float8 / 1000)
  RETURNING 0::float8 AS wait)
SELECT wait FROM taken
UNION ALL
SELECT greatest(1, extract(epoch FROM coalesce((SELECT full_at FROM resilience.bucket WHERE key = $1), now()) + cost - fill - now()) * 1000)::float8
FROM asked WHERE NOT EXISTS (SELECT FROM taken)`;

const costMs = ({ burst, perSecond }: Bucket, tokens: number): number => (Math.min(tokens, burst) / perSecond) * 1000;
