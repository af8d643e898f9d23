import type { EntityManager } from 'typeorm';
import type { Account, Person } from './account.js';
import { activeRoles } from './grant.queries.js';

/** The name of the break-glass account is a secret: with it, failing to sign in would keep others out. */
const PERSON = `a.id, CASE WHEN a.break_glass AND a.status <> 'deleted' THEN 'break-glass@lexecon.invalid' ELSE a.email END AS email, ${activeRoles('a.id')} AS roles, a.justification, a.status, 
  (a.totp_secret IS NOT NULL AND a.totp_step > 0 OR EXISTS (SELECT FROM identity.passkey k WHERE k.account_id = a.id)) AS "secondFactor",
  a.created_at AS "createdAt"`;
/** The columns of an `Account`, of identity.account as `a`. */
export const ACCOUNT = `a.id, a.email, a.status, a.password, a.totp_secret AS "totpSecret", a.totp_enrolled AS enrolled,
  a.totp_step::float8 AS "totpStep"`;

/** Newest first; `before` is the id that the last page ended with. */
export async function peopleBefore(
  db: EntityManager,
  before: string | null,
  limit: number,
): Promise<readonly Person[]> {
  return db.query<Person[]>(
    `SELECT ${PERSON} FROM identity.account a
     WHERE status <> 'deleted' AND ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`,
    [before, limit],
  );
}

export async function personOf(db: EntityManager, id: string): Promise<Person | undefined> {
  const [row] = await db.query<Person[]>(`SELECT ${PERSON} FROM identity.account a WHERE id = $1`, [id]);
  return row;
}

export async function accountOfEmail(db: EntityManager, email: string): Promise<Account | undefined> {
  const [row] = await db.query<Account[]>(`SELECT ${ACCOUNT} FROM identity.account a WHERE email = $1`, [email]);
  return row;
}

export async function accountOfId(db: EntityManager, id: string): Promise<Account | undefined> {
  const [row] = await db.query<Account[]>(`SELECT ${ACCOUNT} FROM identity.account a WHERE id = $1`, [id]);
  return row;
}

export type NewAccount = Pick<Person, 'id' | 'email' | 'justification' | 'status'> & {
  readonly grantedBy: string | null;
  readonly password: string | null;
};

/** An account without roles: those are grants. False when the e-mail address has an account. */
export async function insertAccount(
  tx: EntityManager,
  { id, email, justification, status, grantedBy, password }: NewAccount,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO identity.account (id, email, roles, justification, status, granted_by, password)
     VALUES ($1, $2, '{}', $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT account_email_once DO NOTHING RETURNING id`,
    [id, email, justification, status, grantedBy, password],
  );
  return rows.length > 0;
}

/** Gives an invited person the password they chose. False when they are not invited any more. */
export async function activateAccount(tx: EntityManager, id: string, password: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH active AS (UPDATE identity.account SET status = 'active', password = $2 WHERE id = $1 AND status = 'invited' RETURNING id)
     SELECT id FROM active`,
    [id, password],
  );
  return rows.length > 0;
}

/** Locks the account. False when it is not active, or had another password than `before` by then. */
export async function replacePassword(
  tx: EntityManager,
  id: string,
  before: string | null,
  password: string,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH replaced AS (
       UPDATE identity.account SET password = $3 WHERE id = $1 AND password = $2 AND status = 'active' RETURNING id)
     SELECT id FROM replaced`,
    [id, before, password],
  );
  return rows.length > 0;
}

/** A secret that is not confirmed yet. False when the account ever had a second factor; with `again` (an administrator has taken them
 *  away), when it has one. */
export async function storeTotpSecret(tx: EntityManager, id: string, sealed: Buffer, again = false): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH stored AS (
       UPDATE identity.account a SET totp_secret = $2, totp_step = 0
       WHERE id = $1 AND (NOT totp_enrolled OR ($3 AND totp_step = 0))
         AND NOT EXISTS (SELECT FROM identity.passkey k WHERE k.account_id = a.id) RETURNING id)
     SELECT id FROM stored`,
    [id, sealed, again],
  );
  return rows.length > 0;
}

/** Uses up a time step, and enrols the secret with the first one. False when this step or a later one was used before, however many
 *  try at once, or when the secret is another by now. */
export async function useTotpStep(
  tx: EntityManager,
  { id, totpSecret }: Pick<Account, 'id' | 'totpSecret'>,
  step: number,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH used AS (
       UPDATE identity.account SET totp_step = $2, totp_enrolled = true
       WHERE id = $1 AND totp_step < $2 AND totp_secret = $3 AND status = 'active' RETURNING id)
     SELECT id FROM used`,
    [id, step, totpSecret],
  );
  return rows.length > 0;
}
