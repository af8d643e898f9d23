import type { EntityManager } from 'typeorm';
import { keyOf, whereOf, type Window } from './scim-user.queries.js';
import type { GroupState } from './scim.body.js';
import type { Condition } from './scim.filter.js';
import type { GroupRow } from './scim.resource.js';

const GROUP = `g.id, g.display_name AS "displayName", g.external_id AS "externalId", g.created_at AS "createdAt",
  g.updated_at AS "updatedAt", g.version::float8 AS version`;

const columns: Readonly<Record<string, string>> = {
  id: 'g.id::text',
  displayname: 'g.name_key',
  externalid: 'g.external_id',
};
export const groupAttributes: ReadonlySet<string> = new Set(Object.keys(columns));
const caseless: ReadonlySet<string> = new Set(['displayname']);

export async function groupsWhere(
  db: EntityManager,
  conditions: readonly Condition[],
  offset: number,
  limit: number,
): Promise<Window<GroupRow>> {
  const { where, values } = whereOf(conditions, columns, caseless);
  const [found] = await db.query<{ total: number }[]>(
    `SELECT count(*)::int AS total FROM identity.scim_group g WHERE true ${where}`,
    [...values],
  );
  const rows = await db.query<GroupRow[]>(
    `SELECT ${GROUP} FROM identity.scim_group g WHERE true ${where}
     ORDER BY g.created_at, g.id OFFSET $${String(values.length + 1)} LIMIT $${String(values.length + 2)}`,
    [...values, offset, limit],
  );
  return { total: found?.total ?? 0, rows };
}

export async function groupOf(db: EntityManager, id: string): Promise<GroupRow | undefined> {
  const [row] = await db.query<GroupRow[]>(`SELECT ${GROUP} FROM identity.scim_group g WHERE g.id = $1`, [id]);
  return row;
}

/** Locks the group until the transaction ends. */
export async function lockGroup(tx: EntityManager, id: string): Promise<GroupRow | undefined> {
  const [row] = await tx.query<GroupRow[]>(`SELECT ${GROUP} FROM identity.scim_group g WHERE g.id = $1 FOR UPDATE`, [
    id,
  ]);
  return row;
}

export async function membersOf(db: EntityManager, groupId: string): Promise<readonly string[]> {
  const rows = await db.query<{ id: string }[]>(
    'SELECT user_id AS id FROM identity.scim_member WHERE group_id = $1 ORDER BY user_id',
    [groupId],
  );
  return rows.map(({ id }) => id);
}

/** False when there is a group with this name. */
export async function insertGroup(
  tx: EntityManager,
  id: string,
  { displayName, externalId }: Omit<GroupState, 'members'>,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO identity.scim_group (id, display_name, name_key, external_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT ON CONSTRAINT scim_group_name_once DO NOTHING RETURNING id`,
    [id, displayName, keyOf(displayName), externalId],
  );
  return rows.length > 0;
}

export async function updateGroup(
  tx: EntityManager,
  id: string,
  { displayName, externalId }: Omit<GroupState, 'members'>,
): Promise<void> {
  await tx.query(
    `UPDATE identity.scim_group SET display_name = $2, name_key = $3, external_id = $4, updated_at = now(),
       version = version + 1 WHERE id = $1`,
    [id, displayName, keyOf(displayName), externalId],
  );
}

export async function deleteGroup(tx: EntityManager, id: string): Promise<void> {
  await tx.query('DELETE FROM identity.scim_group WHERE id = $1', [id]);
}

/** Users among these ids. */
export async function existingUsers(db: EntityManager, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await db.query<{ id: string }[]>(
    'SELECT id FROM identity.scim_user WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL',
    [ids],
  );
  return rows.map(({ id }) => id);
}

export async function addMembers(tx: EntityManager, groupId: string, ids: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO identity.scim_member (group_id, user_id)
     SELECT $1, id FROM identity.scim_user WHERE id = ANY($2::uuid[]) AND deleted_at IS NULL ON CONFLICT DO NOTHING`,
    [groupId, ids],
  );
}

export async function removeMembers(tx: EntityManager, groupId: string, ids: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM identity.scim_member WHERE group_id = $1 AND user_id = ANY($2::uuid[])', [groupId, ids]);
}

/** What these people may do has to be found out anew. Locked in one order, so that two groups' changes do not wait for each other. */
export async function touchUsers(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await tx.query(
    `WITH locked AS (SELECT id FROM identity.scim_user WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE)
     UPDATE identity.scim_user SET change = change + 1 WHERE id IN (SELECT id FROM locked)`,
    [ids],
  );
}
