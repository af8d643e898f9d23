import type { EntityManager } from 'typeorm';
import { removeFactors } from '../factor/factor.queries.js';
import { isThirdAdministrator } from './grant.queries.js';
import { lastAdministrator, tooManyAdministrators } from './grant.js';
import type { TicketPurpose } from './ticket.queries.js';

/** Locks the account until the transaction ends; rows that name it as who did something wait for nothing. Undefined when there is none,
 *  or it was deleted. */
export async function lockAccount(tx: EntityManager, id: string): Promise<{ readonly status: string } | undefined> {
  const [row] = await tx.query<{ status: string }[]>(
    `SELECT status FROM identity.account WHERE id = $1 AND status <> 'deleted' FOR NO KEY UPDATE`,
    [id],
  );
  return row;
}

/** What the account had in its hand for a next step counts no more. False when it was disabled or deleted before; with `idleDays`, also
 *  when somebody came in with it since. */
export async function disableAccount(tx: EntityManager, id: string, idleDays: number | null = null): Promise<boolean> {
  const disabled = await changed(
    tx,
    `UPDATE identity.account SET status = 'disabled' WHERE id = $1 AND status IN ('invited', 'active')
       AND ($2::int IS NULL OR last_active_at < now() - make_interval(days => $2)) RETURNING id`,
    [id, idleDays],
  );
  if (disabled) await voidTickets(tx, id);
  return disabled;
}

/** Whoever has no password yet is invited again, and needs a new invitation; a directory that disabled the account has no say any more.
 *  False when the account is not disabled. Rejects with ProblemError 409 when it would make a third administrator. */
export async function enableAccount(tx: EntityManager, id: string): Promise<boolean> {
  try {
    await tx.query('UPDATE identity.scim_user SET disabled = false WHERE id = $1 AND disabled', [id]);
    return await changed(
      tx,
      `UPDATE identity.account SET last_active_at = now(), status = CASE WHEN password IS NULL THEN 'invited' ELSE 'active' END
       WHERE id = $1 AND status = 'disabled' RETURNING id`,
      [id],
    );
  } catch (error) {
    throw isThirdAdministrator(error) ? tooManyAdministrators() : error;
  }
}

/** Leaves a row that says nothing about the person: others' grants refer to it. What they may sign in with goes too. */
export async function deleteAccount(tx: EntityManager, id: string): Promise<boolean> {
  const deleted = await changed(
    tx,
    `UPDATE identity.account SET status = 'deleted', email = 'deleted-' || id || '@deleted.invalid', password = NULL,
       totp_secret = NULL, totp_enrolled = false, justification = 'deleted'
     WHERE id = $1 AND status <> 'deleted' RETURNING id`,
    [id],
  );
  if (!deleted) return false;
  await tx.query(
    `UPDATE identity.role_grant SET ended_at = coalesce(ended_at, now()), end_reason = 'the account was deleted',
       justification = 'deleted', ticket = 'deleted'
     WHERE account_id = $1`,
    [id],
  );
  await removeFactors(tx, id);
  for (const statement of FORGOTTEN) await tx.query(statement, [id]);
  return true;
}

/** What else names the person or would let them in. */
const FORGOTTEN = [
  'DELETE FROM identity.ticket WHERE account_id = $1',
  'DELETE FROM identity.external_identity WHERE account_id = $1',
  'DELETE FROM identity.sso_session WHERE account_id = $1',
  'DELETE FROM identity.sso_attempt WHERE account_id = $1',
  'DELETE FROM identity.scim_user WHERE id = $1',
  `UPDATE identity.break_glass_use SET reason = 'deleted' WHERE used_by = $1`,
] as const;

/** What was handed out before counts no more, but tickets of the purpose `except`. */
export async function voidTickets(tx: EntityManager, id: string, except: TicketPurpose | null = null): Promise<void> {
  await tx.query(
    'UPDATE identity.ticket SET used_at = now() WHERE account_id = $1 AND used_at IS NULL AND purpose IS DISTINCT FROM $2',
    [id, except],
  );
}

/** To be called in a transaction after it took an administrator's rights. Others that do so wait until this one ends.
 *  Rejects with ProblemError 409 when nobody is left who could come in as administrator, the break-glass account counted. */
export async function requireAdministrator(tx: EntityManager): Promise<void> {
  await tx.query('UPDATE identity.administrator_lock SET changed_at = clock_timestamp()');
  const left = await tx.query<unknown[]>(
    `SELECT 1 FROM identity.role_grant g JOIN identity.account a ON a.id = g.account_id
     WHERE g.role = 'admin' AND g.ended_at IS NULL AND g.ends_at > now() AND a.status = 'active' LIMIT 1`,
  );
  if (left.length === 0) throw lastAdministrator();
}

/** Accounts that nobody came in with for so many days. The break-glass account is meant to lie unused. */
export async function idleAccounts(db: EntityManager, days: number): Promise<readonly string[]> {
  const rows = await db.query<{ id: string }[]>(
    `SELECT id FROM identity.account WHERE status IN ('invited', 'active') AND NOT break_glass
       AND last_active_at < now() - make_interval(days => $1)
     ORDER BY last_active_at LIMIT 1000`,
    [days],
  );
  return rows.map(({ id }) => id);
}

/** Deleted people whose key was not destroyed yet. What is on record of the break-glass account stays readable: it is nobody, and its
 *  uses are evidence. */
export async function accountsToErase(db: EntityManager): Promise<readonly string[]> {
  const rows = await db.query<{ id: string }[]>(
    `SELECT id FROM identity.account WHERE status = 'deleted' AND erased_at IS NULL AND NOT break_glass LIMIT 100`,
  );
  return rows.map(({ id }) => id);
}

export async function markErased(db: EntityManager, id: string): Promise<void> {
  await db.query('UPDATE identity.account SET erased_at = now() WHERE id = $1', [id]);
}

async function changed(tx: EntityManager, update: string, parameters: readonly unknown[]): Promise<boolean> {
  const rows = await tx.query<unknown[]>(`WITH changed AS (${update}) SELECT id FROM changed`, [...parameters]);
  return rows.length > 0;
}
