import { hash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ProblemError } from '@lexecon/auth';
import { counterNameOf } from '../address.js';

/** Minutes that signing in is refused for after too many attempts, and after which attempts are forgotten. */
const BACK_OFF_MINUTES = 15;
/** Failures in a row that an account and an address may have. An address may stand for an office. */
const MOST_PER_ACCOUNT = 10;
const MOST_PER_ADDRESS = 100;

/** Counts an attempt for the account before it is tried, so that many at once cannot slip through. Throws ProblemError 429. */
export const countForAccount = (db: EntityManager, email: string): Promise<void> =>
  count(db, accountBucket(email), MOST_PER_ACCOUNT);

/** The same for the address it comes from. */
export const countForAddress = (db: EntityManager, address: string): Promise<void> =>
  count(db, addressBucket(address), MOST_PER_ADDRESS);

/** The attempt counted last was none: it succeeded. */
export async function uncount(db: EntityManager, email: string, address: string): Promise<void> {
  await db.query('UPDATE identity.attempt SET count = greatest(count - 1, 0) WHERE bucket = ANY($1::bytea[])', [
    [accountBucket(email), addressBucket(address)],
  ]);
}

/** The account is signed in: its failures are forgiven. What nobody needs any more goes with them. */
export async function forgive(db: EntityManager, email: string): Promise<void> {
  await db.query(`DELETE FROM identity.attempt WHERE bucket = $1 OR last_at < now() - interval '1 day'`, [
    accountBucket(email),
  ]);
}

async function count(db: EntityManager, bucket: Buffer, most: number): Promise<void> {
  const [row] = await db.query<{ wait: number | null }[]>(
    `INSERT INTO identity.attempt AS a (bucket, count) VALUES ($1, 1)
     ON CONFLICT (bucket) DO UPDATE SET (count, last_at, blocked_until) = (
       SELECT CASE WHEN blocked THEN a.count WHEN over THEN 1 ELSE a.count + 1 END,
              CASE WHEN blocked THEN a.last_at ELSE now() END,
              CASE WHEN blocked THEN a.blocked_until WHEN NOT over AND a.count >= $2 THEN now() + back_off END
       FROM (SELECT coalesce(a.blocked_until > now(), false) AS blocked,
                    a.blocked_until <= now() IS TRUE OR a.last_at < now() - back_off AS over, back_off
             FROM make_interval(mins => $3) AS back_off) state)
     RETURNING ceil(extract(epoch FROM blocked_until - now()))::int AS wait`,
    [bucket, most, BACK_OFF_MINUTES],
  );
  if (row?.wait != null) throw tooMany(row.wait);
}

const accountBucket = (email: string): Buffer => hash('sha256', `account ${email}`, 'buffer');
const addressBucket = (address: string): Buffer => hash('sha256', `address ${counterNameOf(address)}`, 'buffer');

const tooMany = (retryAfter: number): ProblemError =>
  new ProblemError({
    status: 429,
    type: 'too-many-attempts',
    title: 'Too many attempts to sign in',
    detail: 'Wait before you try again.',
    retryAfter,
  });
