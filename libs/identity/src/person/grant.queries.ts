import { type EntityManager, QueryFailedError } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import { type Grant, type GrantSource, impossibleEnd, type NewGrant, tooManyAdministrators } from './grant.js';

const GRANT = `g.id, g.account_id AS "accountId", g.role, g.justification, g.ticket, g.source, g.granted_by AS "grantedBy",
  g.granted_at AS "grantedAt", g.ends_at AS "endsAt", g.by_break_glass AS "byBreakGlass", g.ended_at AS "endedAt",
  g.ended_by AS "endedBy", g.end_reason AS "endReason", g.ended_at IS NULL AND g.ends_at > now() AS active`;

/** SQL: the roles that the account of this SQL expression has at this moment, each once, in the order they were given. */
export const activeRoles = (account: string): string =>
  `ARRAY(SELECT g.role FROM identity.role_grant g WHERE g.account_id = ${account} AND g.ended_at IS NULL AND g.ends_at > now()
    GROUP BY g.role ORDER BY min(g.granted_at), min(g.id::text))`;

export async function activeRolesOf(db: EntityManager, accountId: string): Promise<readonly string[]> {
  const [row] = await db.query<{ roles: readonly string[] }[]>(`SELECT ${activeRoles('$1')} AS roles`, [accountId]);
  return row?.roles ?? [];
}

/** All of them, ended ones too, newest first. */
export async function grantsOf(db: EntityManager, accountId: string): Promise<readonly Grant[]> {
  return db.query<Grant[]>(
    `SELECT ${GRANT} FROM identity.role_grant g WHERE g.account_id = $1 ORDER BY g.granted_at DESC, g.id DESC`,
    [accountId],
  );
}

/** Undefined when the account has this role from this source. One that ran out makes way for the new one.
 *  Rejects with ProblemError 409 for a third administrator, and for an end that has come by the database's clock. */
export async function insertGrant(
  tx: EntityManager,
  { accountId, role, justification, ticket, source, grantedBy, endsAt }: NewGrant,
): Promise<Grant | undefined> {
  await tx.query(
    `UPDATE identity.role_grant SET ended_at = ends_at, end_reason = 'its end date came'
     WHERE account_id = $1 AND role = $2 AND source = $3 AND ended_at IS NULL AND ends_at <= now()`,
    [accountId, role, source],
  );
  try {
    const [row] = await tx.query<Grant[]>(
      `INSERT INTO identity.role_grant AS g
         (id, account_id, role, justification, ticket, source, granted_by, ends_at, by_break_glass)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce((SELECT break_glass FROM identity.account WHERE id = $7), false))
       ON CONFLICT (account_id, role, source) WHERE ended_at IS NULL DO NOTHING RETURNING ${GRANT}`,
      [uuid7(), accountId, role, justification, ticket, source, grantedBy, endsAt],
    );
    return row;
  } catch (error) {
    if (isThirdAdministrator(error)) throw tooManyAdministrators();
    throw isRefusedBy('role_grant_period', error) ? impossibleEnd() : error;
  }
}

/** Ends a grant; `by` is null when the deployment does. Undefined when there is none such, or it had ended. */
export async function endGrant(
  tx: EntityManager,
  id: string,
  by: string | null,
  reason: string,
): Promise<Grant | undefined> {
  const [row] = await tx.query<Grant[]>(
    `WITH ended AS (
       UPDATE identity.role_grant SET ended_at = now(), ended_by = $2, end_reason = $3
       WHERE id = $1 AND ended_at IS NULL AND ends_at > now() RETURNING *)
     SELECT ${GRANT} FROM ended g`,
    [id, by, reason],
  );
  return row;
}

/** Ends what the account has from this source, for example because the directory does not say so any more. Answers how many. */
export async function endGrantsOfSource(tx: EntityManager, accountId: string, source: GrantSource): Promise<number> {
  const rows = await tx.query<unknown[]>(
    `WITH ended AS (
       UPDATE identity.role_grant SET ended_at = now(), end_reason = 'its source took it back'
       WHERE account_id = $1 AND source = $2 AND ended_at IS NULL AND ends_at > now() RETURNING id)
     SELECT id FROM ended`,
    [accountId, source],
  );
  return rows.length;
}

/** Whether the database refused a change because it would make a third active administrator. */
export function isThirdAdministrator(error: unknown): boolean {
  return isRefusedBy('two_administrators', error);
}

function isRefusedBy(constraint: string, error: unknown): boolean {
  const refusal: unknown = error instanceof QueryFailedError ? error.driverError : undefined;
  return refusal instanceof Error && 'constraint' in refusal && refusal.constraint === constraint;
}
