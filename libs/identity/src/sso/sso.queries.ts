import type { EntityManager } from 'typeorm';
import type { Account } from '../person/account.js';
import { ACCOUNT } from '../person/account.queries.js';

export interface Attempt {
  readonly stateHash: Buffer;
  readonly browserHash: Buffer;
  readonly provider: string;
  readonly sealed: Buffer;
  readonly session: 'bearer' | 'cookie';
  /** Whoever is signed in already and links the identity to their account. */
  readonly accountId: string | null;
}

/** Also forgets what has expired: attempts of people who never came back. */
export async function insertAttempt(db: EntityManager, attempt: Attempt, minutes: number): Promise<void> {
  const { stateHash, browserHash, provider, sealed, session, accountId } = attempt;
  await db.query(
    `WITH old AS (
       DELETE FROM identity.sso_attempt WHERE state_hash IN (
         SELECT state_hash FROM identity.sso_attempt WHERE expires_at < now() LIMIT 100 FOR UPDATE SKIP LOCKED))
     INSERT INTO identity.sso_attempt (state_hash, browser_hash, provider, sealed, session, account_id, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7))`,
    [stateHash, browserHash, provider, sealed, session, accountId, minutes],
  );
}

/** Undefined when there is none for this state, provider and browser, when it is too old, or when it was taken before. */
export async function takeAttempt(
  db: EntityManager,
  { stateHash, browserHash, provider }: Pick<Attempt, 'stateHash' | 'browserHash' | 'provider'>,
): Promise<Attempt | undefined> {
  const [row] = await db.query<Attempt[]>(
    `WITH taken AS (
       DELETE FROM identity.sso_attempt
       WHERE state_hash = $1 AND browser_hash = $2 AND provider = $3 AND expires_at > now() RETURNING *)
     SELECT state_hash AS "stateHash", browser_hash AS "browserHash", provider, sealed, session, account_id AS "accountId"
     FROM taken`,
    [stateHash, browserHash, provider],
  );
  return row;
}

/** Whether the session of this id has not ended; it does not end before the transaction does. */
export async function isSessionOpen(tx: EntityManager, id: string | null): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    'SELECT 1 FROM identity.session WHERE id = $1 AND revoked_at IS NULL AND expires_at > now() FOR SHARE',
    [id],
  );
  return rows.length > 0;
}

export interface ExternalIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** Notes that the person was here. */
export async function accountOfIdentity(
  tx: EntityManager,
  { issuer, subject }: ExternalIdentity,
): Promise<Account | undefined> {
  const [row] = await tx.query<Account[]>(
    `WITH seen AS (
       UPDATE identity.external_identity SET signed_in_at = now() WHERE issuer = $1 AND subject = $2 RETURNING account_id)
     SELECT ${ACCOUNT} FROM seen JOIN identity.account a ON a.id = seen.account_id`,
    [issuer, subject],
  );
  return row;
}

/** False when the identity is somebody's already. */
export async function insertIdentity(
  tx: EntityManager,
  { issuer, subject }: ExternalIdentity,
  accountId: string,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO identity.external_identity (issuer, subject, account_id) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING account_id`,
    [issuer, subject, accountId],
  );
  return rows.length > 0;
}

/** Makes the account of this id active and nobody else's: an account that nobody has signed in to yet, by a password, a second factor
 *  or another provider. False when it is not one of these, or no longer. Its invitation is of no use any more. */
export async function claimAccount(tx: EntityManager, accountId: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH claimed AS (
       UPDATE identity.account a SET status = 'active'
       WHERE id = $1 AND status IN ('invited', 'active') AND password IS NULL AND NOT totp_enrolled
         AND NOT EXISTS (SELECT FROM identity.external_identity e WHERE e.account_id = a.id) RETURNING id),
     spent AS (
       UPDATE identity.ticket SET used_at = now() WHERE account_id IN (SELECT id FROM claimed) AND used_at IS NULL)
     SELECT id FROM claimed`,
    [accountId],
  );
  return rows.length > 0;
}

/** Somebody who has no password and was enabled again counts as invited until they come in, which the provider vouches for. */
export async function activateLinked(tx: EntityManager, accountId: string): Promise<void> {
  await tx.query(
    `UPDATE identity.account SET status = 'active' WHERE id = $1 AND status = 'invited' AND password IS NULL`,
    [accountId],
  );
}

/** Whose sign-in the provider's session id means, from now on. */
export async function noteProviderSession(
  tx: EntityManager,
  issuer: string,
  sid: string,
  accountId: string,
  hours: number,
): Promise<void> {
  await tx.query(
    `WITH old AS (
       DELETE FROM identity.sso_session WHERE (issuer, sid) IN (
         SELECT issuer, sid FROM identity.sso_session WHERE expires_at < now() AND (issuer, sid) <> ($1, $2)
         LIMIT 100 FOR UPDATE SKIP LOCKED))
     INSERT INTO identity.sso_session (issuer, sid, account_id, expires_at)
     VALUES ($1, $2, $3, now() + make_interval(hours => $4))
     ON CONFLICT (issuer, sid) DO UPDATE SET account_id = excluded.account_id, expires_at = excluded.expires_at`,
    [issuer, sid, accountId, hours],
  );
}

/** Accounts that a logout token means; none when it means nobody here. */
export async function accountsOfLogout(
  tx: EntityManager,
  issuer: string,
  subject: string | null,
  sid: string | null,
): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }[]>(
    `SELECT account_id AS id FROM identity.external_identity WHERE issuer = $1 AND subject = $2
     UNION SELECT account_id FROM identity.sso_session WHERE issuer = $1 AND sid = $3`,
    [issuer, subject, sid],
  );
  return rows.map(({ id }) => id);
}

/** False when the token was used before. */
export async function useLogoutToken(
  tx: EntityManager,
  issuer: string,
  jtiHash: Buffer,
  seconds: number,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH old AS (
       DELETE FROM identity.sso_logout WHERE (issuer, jti_hash) IN (
         SELECT issuer, jti_hash FROM identity.sso_logout WHERE expires_at < now() LIMIT 100 FOR UPDATE SKIP LOCKED))
     INSERT INTO identity.sso_logout (issuer, jti_hash, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
     ON CONFLICT DO NOTHING RETURNING issuer`,
    [issuer, jtiHash, seconds],
  );
  return rows.length > 0;
}
