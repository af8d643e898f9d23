import type { EntityManager } from 'typeorm';
import type { Actor, ActorFacts, ActorType, ApiKey } from './actor.js';
import type { KeyHolder, StoredKey } from './key-ring.js';

/** Number of the last committed change of an actor or key. */
export async function currentEpoch(db: EntityManager): Promise<bigint> {
  const [row] = await db.query<{ value: string }[]>('SELECT value FROM identity.epoch');
  return BigInt(row?.value ?? 0);
}

/** Takes the next number for the changes of this transaction; others that change actors or keys wait for its end. */
export async function nextEpoch(tx: EntityManager): Promise<string> {
  const [row] = await tx.query<{ value: string }[]>(
    `WITH next AS (UPDATE identity.epoch SET value = value + 1 RETURNING value) SELECT value FROM next`,
  );
  if (!row) throw new Error('identity.epoch has lost its row');
  return row.value;
}

export async function changedActors(db: EntityManager, since: bigint): Promise<readonly (ActorFacts & KeyHolder)[]> {
  return db.query<(ActorFacts & KeyHolder)[]>(
    `SELECT id, type, name, roles, attributes, status = 'disabled' AS disabled FROM identity.actor
     WHERE epoch > $1 ORDER BY epoch`,
    [since],
  );
}

export async function changedKeys(db: EntityManager, since: bigint): Promise<readonly StoredKey[]> {
  return db.query<StoredKey[]>(
    `SELECT id, secret_hash AS "secretHash", actor_id AS "actorId", role, environment,
            extract(epoch FROM expires_at)::float8 * 1000 AS "expiresAt", revoked_at IS NOT NULL AS revoked
     FROM identity.api_key WHERE epoch > $1 ORDER BY epoch`,
    [since],
  );
}

const ACTOR = 'id, type, name, owner, purpose, roles, attributes, status, created_at AS "createdAt"';

/** Newest first; `before` is the id that the last page ended with. */
export async function actorsBefore(db: EntityManager, before: string | null, limit: number): Promise<readonly Actor[]> {
  return db.query<Actor[]>(
    `SELECT ${ACTOR} FROM identity.actor WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
    [before, limit],
  );
}

export async function actorOf(db: EntityManager, id: string): Promise<Actor | undefined> {
  const [row] = await db.query<Actor[]>(`SELECT ${ACTOR} FROM identity.actor WHERE id = $1`, [id]);
  return row;
}

export async function actorNamed(db: EntityManager, type: ActorType, name: string): Promise<Actor | undefined> {
  const [row] = await db.query<Actor[]>(`SELECT ${ACTOR} FROM identity.actor WHERE type = $1 AND name = $2`, [
    type,
    name,
  ]);
  return row;
}

/** Undefined when the type already has an actor of that name. */
export async function insertActor(
  tx: EntityManager,
  { id, type, name, owner, purpose, roles, attributes }: Omit<Actor, 'status' | 'createdAt'>,
  epoch: string,
): Promise<Actor | undefined> {
  const [row] = await tx.query<Actor[]>(
    `INSERT INTO identity.actor (id, type, name, owner, purpose, roles, attributes, epoch)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT ON CONSTRAINT actor_name_once DO NOTHING RETURNING ${ACTOR}`,
    [id, type, name, owner, purpose, roles, JSON.stringify(attributes), epoch],
  );
  return row;
}

export type ActorChange = Partial<Pick<Actor, 'owner' | 'purpose' | 'roles' | 'attributes' | 'status'>>;

/** Undefined when there is no such actor. What the change leaves out stays as it is. */
export async function updateActor(
  tx: EntityManager,
  id: string,
  { owner, purpose, roles, attributes, status }: ActorChange,
  epoch: string,
): Promise<Actor | undefined> {
  const [row] = await tx.query<Actor[]>(
    `WITH changed AS (
       UPDATE identity.actor SET owner = coalesce($2, owner), purpose = coalesce($3, purpose), roles = coalesce($4, roles),
         attributes = coalesce($5::jsonb, attributes), status = coalesce($6, status), epoch = $7
       WHERE id = $1 RETURNING *)
     SELECT ${ACTOR} FROM changed`,
    [id, owner, purpose, roles, attributes && JSON.stringify(attributes), status, epoch],
  );
  return row;
}

const KEY = 'id, role, environment, created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt"';

export async function keysOfActor(db: EntityManager, actorId: string): Promise<readonly ApiKey[]> {
  return db.query<ApiKey[]>(`SELECT ${KEY} FROM identity.api_key WHERE actor_id = $1 ORDER BY created_at DESC, id`, [
    actorId,
  ]);
}

export async function insertKey(
  tx: EntityManager,
  { id, secretHash, actorId, role, environment }: Omit<StoredKey, 'expiresAt' | 'revoked'>,
  days: number,
  epoch: string,
): Promise<ApiKey | undefined> {
  const [row] = await tx.query<ApiKey[]>(
    `INSERT INTO identity.api_key (id, secret_hash, actor_id, role, environment, expires_at, epoch)
     VALUES ($1, $2, $3, $4, $5, now() + make_interval(days => $6), $7) ON CONFLICT (id) DO NOTHING RETURNING ${KEY}`,
    [id, secretHash, actorId, role, environment, days, epoch],
  );
  return row;
}

/** Gives a key that is there another term. False when this actor has no such key, or it was revoked. */
export async function renewKey(
  tx: EntityManager,
  { id, secretHash, actorId, environment }: Omit<StoredKey, 'expiresAt' | 'revoked' | 'role'>,
  days: number,
  epoch: string,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH renewed AS (
       UPDATE identity.api_key SET created_at = now(), expires_at = now() + make_interval(days => $5), epoch = $6
       WHERE id = $1 AND secret_hash = $2 AND actor_id = $3 AND environment = $4 AND revoked_at IS NULL RETURNING id)
     SELECT id FROM renewed`,
    [id, secretHash, actorId, environment, days, epoch],
  );
  return rows.length > 0;
}

/** False when the actor has no such key, or it was revoked before. */
export async function revokeKey(tx: EntityManager, actorId: string, keyId: string, epoch: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `WITH revoked AS (
       UPDATE identity.api_key SET revoked_at = now(), epoch = $3
       WHERE id = $2 AND actor_id = $1 AND revoked_at IS NULL RETURNING id)
     SELECT id FROM revoked`,
    [actorId, keyId, epoch],
  );
  return rows.length > 0;
}
