import { type EntityManager, QueryFailedError } from 'typeorm';
import type { ApiKey } from './actor.js';
import type { StoredKey } from './key-ring.js';

export async function changedKeys(db: EntityManager, since: bigint): Promise<readonly StoredKey[]> {
  return db.query<StoredKey[]>(
    `SELECT id, secret_hash AS "secretHash", actor_id AS "actorId", role, environment, scopes, networks,
            extract(epoch FROM expires_at)::float8 * 1000 AS "expiresAt", revoked_at IS NOT NULL AS revoked
     FROM identity.api_key WHERE epoch > $1 ORDER BY epoch`,
    [since],
  );
}

const KEY = `id, role, environment, scopes, networks, created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt", (SELECT used_at FROM identity.credential_use WHERE credential = id) AS "lastUsedAt"`;

export async function keysOfActor(db: EntityManager, actorId: string): Promise<readonly ApiKey[]> {
  return db.query<ApiKey[]>(`SELECT ${KEY} FROM identity.api_key WHERE actor_id = $1 ORDER BY created_at DESC, id`, [
    actorId,
  ]);
}

export async function insertKey(
  tx: EntityManager,
  { id, secretHash, actorId, role, environment, scopes, networks }: Omit<StoredKey, 'expiresAt' | 'revoked'>,
  days: number,
  epoch: string,
): Promise<ApiKey | undefined> {
  const [row] = await tx.query<ApiKey[]>(
    `INSERT INTO identity.api_key (id, secret_hash, actor_id, role, environment, scopes, networks, expires_at, epoch)
     VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $8), $9)
     ON CONFLICT (id) DO NOTHING RETURNING ${KEY}`,
    [id, secretHash, actorId, role, environment, scopes, networks, days, epoch],
  );
  return row;
}

/** Gives a key that is there another term. False when this actor has no such key, or it was revoked. */
export async function renewKey(
  tx: EntityManager,
  { id, secretHash, actorId, environment }: Pick<StoredKey, 'id' | 'secretHash' | 'actorId' | 'environment'>,
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

/** Whether the database refused a third key of one actor. */
export const isThirdKey = (error: unknown): boolean =>
  error instanceof QueryFailedError && (error.driverError as { code?: unknown }).code === 'LX101';
