import type { EntityManager } from 'typeorm';
import type { Transport } from './session.credentials.js';

/** How a session was begun: stands in the list of sessions. */
export type Method = 'setup' | 'totp' | 'passkey' | 'recovery-code' | 'sso';

export interface SessionRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly seenAt: Date;
  readonly provenAt: Date;
  readonly expiresAt: Date;
  /** Where it was begun: an IPv4 /24 or IPv6 /48. */
  readonly network: string;
  readonly method: string;
  readonly transport: Transport;
}

const SESSION = `s.id, s.created_at AS "createdAt", s.seen_at AS "seenAt", s.proven_at AS "provenAt", s.expires_at AS "expiresAt",
  s.network, s.method, s.transport`;
const MOST_LISTED = 100;

export interface NewSession {
  readonly id: string;
  readonly hash: Buffer;
  readonly accountId: string;
  readonly kind: 'full' | 'setup';
  readonly minutes: number;
  readonly transport: Transport;
  readonly method: Method;
  readonly network: string;
  readonly proven: boolean;
}

/** When it ends; undefined when the account is not active by now. Whoever disables the account at the same time waits, and ends it. */
export async function insertSession(tx: EntityManager, given: NewSession): Promise<Date | undefined> {
  const { hash, accountId, kind, minutes, transport, method, network, proven, id } = given;
  const [row] = await tx.query<{ expiresAt: Date }[]>(
    `INSERT INTO identity.session (hash, account_id, kind, expires_at, transport, method, network, id, proven_at)
     SELECT $1::bytea, a.id, $3::text, now() + make_interval(mins => $4), $5::text, $6::text, $7::text, $8::uuid,
       CASE WHEN $9 THEN now() ELSE to_timestamp(0) END
     FROM identity.account a WHERE a.id = $2 AND a.status = 'active' FOR NO KEY UPDATE
     RETURNING expires_at AS "expiresAt"`,
    [hash, accountId, kind, minutes, transport, method, network, id, proven],
  );
  return row?.expiresAt;
}

/** The session gets another token and counts as proven now. Undefined when the old token does not count any more. */
export async function rotateSession(
  tx: EntityManager,
  before: Buffer,
  after: Buffer,
): Promise<Pick<SessionRow, 'id' | 'expiresAt' | 'transport'> | undefined> {
  const [row] = await tx.query<Pick<SessionRow, 'id' | 'expiresAt' | 'transport'>[]>(
    `WITH rotated AS (
       UPDATE identity.session SET hash = $2, proven_at = now(), seen_at = now()
       WHERE hash = $1 AND revoked_at IS NULL AND expires_at > now() AND kind = 'full'
       RETURNING id, expires_at AS "expiresAt", transport)
     SELECT * FROM rotated`,
    [before, after],
  );
  return row;
}

/** The sessions of an account that have not ended, last used first. */
export async function sessionsOf(
  db: EntityManager,
  accountId: string,
  idleMinutes: number,
): Promise<readonly SessionRow[]> {
  return db.query<SessionRow[]>(
    `SELECT ${SESSION} FROM identity.session s
     WHERE s.account_id = $1 AND s.revoked_at IS NULL AND s.expires_at > now()
       AND s.seen_at > now() - make_interval(mins => $2)
     ORDER BY s.seen_at DESC, s.id LIMIT $3`,
    [accountId, idleMinutes, MOST_LISTED],
  );
}

/** False when the token's session had ended before. */
export async function endSession(tx: EntityManager, hash: Buffer): Promise<boolean> {
  return (await end(tx, 'hash = $1', [hash])) > 0;
}

/** False when the account has no such session, or it had ended before. */
export async function endSessionOf(tx: EntityManager, accountId: string, id: string): Promise<boolean> {
  return (await end(tx, 'account_id = $1 AND id = $2', [accountId, id])) > 0;
}

/** Ends every session of the account but `except`; answers how many. */
export async function endSessionsOf(tx: EntityManager, accountId: string, except: string | null): Promise<number> {
  return end(tx, 'account_id = $1 AND id IS DISTINCT FROM $2::uuid', [accountId, except]);
}

async function end(tx: EntityManager, which: string, parameters: readonly unknown[]): Promise<number> {
  const rows = await tx.query<unknown[]>(
    `WITH ended AS (UPDATE identity.session SET revoked_at = now() WHERE ${which} AND revoked_at IS NULL RETURNING hash)
     SELECT hash FROM ended`,
    [...parameters],
  );
  return rows.length;
}

/** What nobody can use any more, a day after its end: sessions, tickets, challenges, replacements. */
export async function deleteEnded(db: EntityManager): Promise<void> {
  for (const [table, ended] of [
    ['session', `least(expires_at, revoked_at) < now() - interval '1 day'`],
    ['ticket', `expires_at < now() - interval '1 day'`],
    ['passkey_challenge', `expires_at < now()`],
    ['totp_replacement', `expires_at < now()`],
  ])
    await db.query(`DELETE FROM identity.${String(table)} WHERE ${String(ended)}`);
}
