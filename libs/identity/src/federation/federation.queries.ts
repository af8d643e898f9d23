import type { EntityManager } from 'typeorm';
import type { Federation } from './federation.js';

/** As every replica knows it. */
export interface StoredFederation extends Pick<Federation, 'id' | 'issuer' | 'subject' | 'role'> {
  readonly actorId: string;
  readonly removed: boolean;
}

/** Removed ones first: their name may belong to a later one. */
export async function changedFederations(db: EntityManager, since: bigint): Promise<readonly StoredFederation[]> {
  return db.query<StoredFederation[]>(
    `SELECT id, issuer, subject, role, actor_id AS "actorId", removed_at IS NOT NULL AS removed
     FROM identity.actor_federation WHERE epoch > $1 ORDER BY removed_at IS NULL, epoch`,
    [since],
  );
}

const FEDERATION = `id, issuer, subject, role, created_at AS "createdAt",
  (SELECT used_at FROM identity.credential_use WHERE credential = id::text) AS "lastUsedAt"`;

export async function federationsOf(db: EntityManager, actorId: string): Promise<readonly Federation[]> {
  return db.query<Federation[]>(
    `SELECT ${FEDERATION} FROM identity.actor_federation WHERE actor_id = $1 AND removed_at IS NULL ORDER BY id DESC`,
    [actorId],
  );
}

/** Undefined when the issuer's name lets somebody in already. */
export async function insertFederation(
  tx: EntityManager,
  { id, actorId, issuer, subject, role }: Omit<StoredFederation, 'removed'>,
  epoch: string,
): Promise<Federation | undefined> {
  const [row] = await tx.query<Federation[]>(
    `INSERT INTO identity.actor_federation (id, actor_id, issuer, subject, role, epoch) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (issuer, subject) WHERE removed_at IS NULL DO NOTHING RETURNING ${FEDERATION}`,
    [id, actorId, issuer, subject, role, epoch],
  );
  return row;
}

/** Undefined when the actor has no such federation, or it was removed before. */
export async function removeFederation(
  tx: EntityManager,
  actorId: string,
  id: string,
  epoch: string,
): Promise<Pick<Federation, 'issuer' | 'subject'> | undefined> {
  const [row] = await tx.query<Pick<Federation, 'issuer' | 'subject'>[]>(
    `WITH removed AS (
       UPDATE identity.actor_federation SET removed_at = now(), epoch = $3
       WHERE id = $2 AND actor_id = $1 AND removed_at IS NULL RETURNING issuer, subject)
     SELECT issuer, subject FROM removed`,
    [actorId, id, epoch],
  );
  return row;
}
