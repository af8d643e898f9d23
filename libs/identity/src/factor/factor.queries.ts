import type { EntityManager } from 'typeorm';
import { conflict } from '../refusal.js';

/** The second factors of an account. */
export interface FactorState {
  /** Whether an authenticator app is confirmed. */
  readonly totp: boolean;
  readonly passkeys: number;
  readonly recoveryCodesLeft: number;
}

const STATE = `
SELECT a.totp_secret IS NOT NULL AND a.totp_step > 0 AS totp,
  (SELECT count(*)::int FROM identity.passkey p WHERE p.account_id = a.id) AS passkeys,
  (SELECT count(*)::int FROM identity.recovery_code r WHERE r.account_id = a.id AND r.used_at IS NULL) AS "recoveryCodesLeft"
FROM identity.account a WHERE a.id = $1`;

export async function factorsOf(db: EntityManager, accountId: string): Promise<FactorState> {
  const [row] = await db.query<FactorState[]>(STATE, [accountId]);
  return row ?? { totp: false, passkeys: 0, recoveryCodesLeft: 0 };
}

/** The same, and nobody else changes factors of this account until the transaction ends. Throws ProblemError 409 when the account is
 *  not active by now. */
export async function lockFactors(tx: EntityManager, accountId: string): Promise<FactorState> {
  const active = await tx.query<unknown[]>(
    `SELECT 1 FROM identity.account WHERE id = $1 AND status = 'active' FOR NO KEY UPDATE`,
    [accountId],
  );
  if (active.length === 0) throw conflict('The account is not active any more.');
  return factorsOf(tx, accountId);
}

/** Takes the place of all codes there were. */
export async function replaceRecoveryCodes(
  tx: EntityManager,
  accountId: string,
  hashes: readonly Buffer[],
): Promise<void> {
  await tx.query('DELETE FROM identity.recovery_code WHERE account_id = $1', [accountId]);
  await tx.query('INSERT INTO identity.recovery_code (hash, account_id) SELECT unnest($2::bytea[]), $1', [
    accountId,
    hashes,
  ]);
}

/** False when it is not a code of this account, or was used before, however many try at once. */
export async function useRecoveryCode(tx: EntityManager, accountId: string, hash: Buffer): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH used AS (
       UPDATE identity.recovery_code SET used_at = now() WHERE hash = $1 AND account_id = $2 AND used_at IS NULL
       RETURNING hash)
     SELECT hash FROM used`,
    [hash, accountId],
  );
  return rows.length > 0;
}

/** Whether such a code is there and unused. Only `useRecoveryCode` decides. */
export async function hasRecoveryCode(db: EntityManager, accountId: string, hash: Buffer): Promise<boolean> {
  const rows = await db.query<unknown[]>(
    'SELECT 1 FROM identity.recovery_code WHERE hash = $1 AND account_id = $2 AND used_at IS NULL',
    [hash, accountId],
  );
  return rows.length > 0;
}

/** Every second factor of the account is gone. It stays marked as one that had them: a password alone begins no enrolment. */
export async function removeFactors(tx: EntityManager, accountId: string): Promise<void> {
  await tx.query('DELETE FROM identity.passkey WHERE account_id = $1', [accountId]);
  await tx.query('DELETE FROM identity.recovery_code WHERE account_id = $1', [accountId]);
  await tx.query('DELETE FROM identity.totp_replacement WHERE account_id = $1', [accountId]);
  await tx.query('DELETE FROM identity.passkey_challenge WHERE account_id = $1', [accountId]);
  await tx.query('UPDATE identity.account SET totp_secret = NULL, totp_step = 0, totp_enrolled = true WHERE id = $1', [
    accountId,
  ]);
}

/** The app does not count any more. */
export async function removeTotp(tx: EntityManager, accountId: string): Promise<void> {
  await tx.query('UPDATE identity.account SET totp_secret = NULL, totp_step = 0 WHERE id = $1', [accountId]);
}

/** A second factor is there: no password alone begins an enrolment any more, and a secret that was never confirmed is dropped. */
export async function markEnrolled(tx: EntityManager, accountId: string): Promise<void> {
  await tx.query(
    `UPDATE identity.account SET totp_enrolled = true, totp_secret = CASE WHEN totp_step > 0 THEN totp_secret END WHERE id = $1`,
    [accountId],
  );
}

export async function storeReplacement(
  tx: EntityManager,
  accountId: string,
  secret: Buffer,
  minutes: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO identity.totp_replacement (account_id, secret, expires_at)
     VALUES ($1, $2, now() + make_interval(mins => $3))
     ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, expires_at = excluded.expires_at`,
    [accountId, secret, minutes],
  );
}

export async function replacementOf(db: EntityManager, accountId: string): Promise<Buffer | undefined> {
  const [row] = await db.query<{ secret: Buffer }[]>(
    'SELECT secret FROM identity.totp_replacement WHERE account_id = $1 AND expires_at > now()',
    [accountId],
  );
  return row?.secret;
}

/** The replacement becomes the app of the account; `step` is used up. False when it is another one by now. */
export async function adoptReplacement(
  tx: EntityManager,
  accountId: string,
  secret: Buffer,
  step: number,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH taken AS (
       DELETE FROM identity.totp_replacement WHERE account_id = $1 AND secret = $2 AND expires_at > now() RETURNING account_id
     ), adopted AS (
       UPDATE identity.account a SET totp_secret = $2, totp_step = $3, totp_enrolled = true
       FROM taken WHERE a.id = taken.account_id RETURNING a.id)
     SELECT id FROM adopted`,
    [accountId, secret, step],
  );
  return rows.length > 0;
}

/** Nothing that was handed out before to begin or to end an enrolment counts any more. */
export async function voidEnrolments(tx: EntityManager, accountId: string): Promise<void> {
  await tx.query(
    `UPDATE identity.ticket SET used_at = now()
     WHERE account_id = $1 AND purpose IN ('enrolment', 'factor-reset', 'second-factor') AND used_at IS NULL`,
    [accountId],
  );
}
