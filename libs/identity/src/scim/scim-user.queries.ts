import type { EntityManager } from 'typeorm';
import type { UserState } from './scim.body.js';
import type { Condition } from './scim.filter.js';
import type { UserRow } from './scim.resource.js';

/** Names are compared without case. */
export const keyOf = (name: string): string => name.normalize('NFKC').toLowerCase().normalize('NFC');

const USER = `u.id, u.user_name AS "userName", u.external_id AS "externalId", u.display_name AS "displayName", u.given_name AS "givenName",
  u.family_name AS "familyName", a.email, u.active,
  u.active AND a.status IN ('invited', 'active') AS effective, u.created_at AS "createdAt",
  u.updated_at AS "updatedAt", u.version::float8 AS version`;
const FROM = `identity.scim_user u JOIN identity.account a ON a.id = u.id`;

/** Columns that may be searched by, as SQL texts, by attribute in lower case. */
const columns: Readonly<Record<string, string>> = {
  id: 'u.id::text',
  username: 'u.name_key',
  externalid: 'u.external_id',
  displayname: 'u.display_name',
  'name.givenname': 'u.given_name',
  'name.familyname': 'u.family_name',
  emails: 'a.email',
  'emails.value': 'a.email',
  active: `(u.active AND a.status IN ('invited', 'active'))::text`,
};
export const userAttributes: ReadonlySet<string> = new Set(Object.keys(columns));
const caseless: ReadonlySet<string> = new Set(['username', 'emails', 'emails.value']);

export interface Window<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

/** `offset` from 0. In the order they were made. */
export async function usersWhere(
  db: EntityManager,
  conditions: readonly Condition[],
  offset: number,
  limit: number,
): Promise<Window<UserRow>> {
  const { where, values } = whereOf(conditions, columns, caseless);
  const [found] = await db.query<{ total: number }[]>(
    `SELECT count(*)::int AS total FROM ${FROM} WHERE u.deleted_at IS NULL ${where}`,
    [...values],
  );
  const rows = await db.query<UserRow[]>(
    `SELECT ${USER} FROM ${FROM} WHERE u.deleted_at IS NULL ${where}
     ORDER BY u.created_at, u.id OFFSET $${String(values.length + 1)} LIMIT $${String(values.length + 2)}`,
    [...values, offset, limit],
  );
  return { total: found?.total ?? 0, rows };
}

/** Conditions as SQL that begins with AND. */
export function whereOf(
  conditions: readonly Condition[],
  names: Readonly<Record<string, string>>,
  insensitive: ReadonlySet<string>,
): { readonly where: string; readonly values: readonly string[] } {
  const values: string[] = [];
  const parts = conditions.map(({ attribute, value }) => {
    const column = names[attribute] ?? 'NULL';
    if (value === null) return `AND ${column} IS NOT NULL`;
    values.push(insensitive.has(attribute) ? keyOf(value) : value);
    return `AND ${column} = $${String(values.length)}`;
  });
  return { where: parts.join(' '), values };
}

export async function scimUserOf(db: EntityManager, id: string): Promise<UserRow | undefined> {
  const [row] = await db.query<UserRow[]>(`SELECT ${USER} FROM ${FROM} WHERE u.id = $1 AND u.deleted_at IS NULL`, [id]);
  return row;
}

/** Locks the user until the transaction ends. */
export async function lockUser(tx: EntityManager, id: string): Promise<UserRow | undefined> {
  const [row] = await tx.query<UserRow[]>(
    `SELECT ${USER} FROM ${FROM} WHERE u.id = $1 AND u.deleted_at IS NULL FOR UPDATE OF u, a`,
    [id],
  );
  return row;
}

/** Whether a directory ever managed the account, and whether it is the sealed one, which none may manage. */
export async function managementOf(
  db: EntityManager,
  accountId: string,
): Promise<{ readonly managed: 'never' | 'now' | 'before'; readonly breakGlass: boolean }> {
  const [row] = await db.query<{ managed: 'never' | 'now' | 'before'; breakGlass: boolean }[]>(
    `SELECT CASE WHEN u.id IS NULL THEN 'never' WHEN u.deleted_at IS NULL THEN 'now' ELSE 'before' END AS managed,
            a.break_glass AS "breakGlass"
     FROM identity.account a LEFT JOIN identity.scim_user u ON u.id = a.id WHERE a.id = $1`,
    [accountId],
  );
  return row ?? { managed: 'never', breakGlass: false };
}

/** A user for an account, or again for one whose user was deleted. False when the account has a user or the name is another's. */
export async function insertUser(tx: EntityManager, id: string, user: UserState): Promise<boolean> {
  const { userName, externalId, displayName, givenName, familyName, active } = user;
  const rows = await tx.query<unknown[]>(
    `INSERT INTO identity.scim_user AS u (id, user_name, name_key, external_id, display_name, given_name, family_name, active)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8
     WHERE NOT EXISTS (SELECT FROM identity.scim_user o WHERE o.name_key = $3 AND o.deleted_at IS NULL)
     ON CONFLICT (id) DO UPDATE SET user_name = $2, name_key = $3, external_id = $4, display_name = $5, given_name = $6,
       family_name = $7, active = $8, created_at = now(), updated_at = now(), deleted_at = NULL, version = u.version + 1,
       change = u.change + 1
     WHERE u.deleted_at IS NOT NULL RETURNING id`,
    [id, userName, keyOf(userName), externalId, displayName, givenName, familyName, active],
  );
  return rows.length > 0;
}

export async function updateUser(tx: EntityManager, id: string, user: UserState): Promise<void> {
  const { userName, externalId, displayName, givenName, familyName, active, email } = user;
  await tx.query(
    `UPDATE identity.scim_user SET user_name = $2, name_key = $3, external_id = $4, display_name = $5, given_name = $6,
       family_name = $7, active = $8, updated_at = now(), version = version + 1, change = change + 1
     WHERE id = $1`,
    [id, userName, keyOf(userName), externalId, displayName, givenName, familyName, active],
  );
  await tx.query('UPDATE identity.account SET email = $2 WHERE id = $1 AND email <> $2', [id, email]);
}

/** Notes whether the directory has disabled the account. False when that was so before. */
export async function noteDisabled(tx: EntityManager, id: string, disabled: boolean): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH noted AS (UPDATE identity.scim_user SET disabled = $2 WHERE id = $1 AND disabled <> $2 RETURNING id) SELECT id FROM noted`,
    [id, disabled],
  );
  return rows.length > 0;
}

/** The directory no longer knows the person: what it said of them goes, and so do its groups' memberships. */
export async function deleteUser(tx: EntityManager, id: string): Promise<void> {
  await tx.query('DELETE FROM identity.scim_member WHERE user_id = $1', [id]);
  await tx.query(
    `UPDATE identity.scim_user SET deleted_at = now(), active = false, user_name = 'deleted', name_key = 'deleted',
       external_id = NULL, display_name = NULL, given_name = NULL, family_name = NULL, change = change + 1
     WHERE id = $1`,
    [id],
  );
}
