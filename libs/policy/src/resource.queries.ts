import type { EntityManager } from 'typeorm';
import type { Resource } from './resource.js';

const COLUMNS = `id, type, resource_id AS resource, data_classes AS "dataClasses", sensitivity, owner, subject, created_at AS "createdAt"`;

export type NewResource = Omit<Resource, 'createdAt'>;
export type ChangedResource = Resource & { readonly removed: boolean };

/** The next value of the catalogue's epoch; its row stays locked until the transaction ends. */
export async function nextEpoch(tx: EntityManager): Promise<bigint> {
  const [[row]] = await tx.query<[{ readonly value: string }[], number]>(
    'UPDATE policy.catalogue_epoch SET value = value + 1 RETURNING value',
  );
  return BigInt(row?.value ?? 0);
}

export async function currentEpoch(tx: EntityManager): Promise<bigint> {
  const [row] = await tx.query<{ readonly value: string }[]>('SELECT value FROM policy.catalogue_epoch');
  return BigInt(row?.value ?? 0);
}

/** Undefined when the catalogue has the type and id already. */
export async function insertResource(
  tx: EntityManager,
  resource: NewResource,
  epoch: bigint,
): Promise<Resource | undefined> {
  const { id, type, dataClasses, sensitivity, owner, subject } = resource;
  const [row] = await tx.query<Resource[]>(
    `INSERT INTO policy.resource (id, type, resource_id, data_classes, sensitivity, owner, subject, epoch)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (type, resource_id) WHERE removed_at IS NULL DO NOTHING RETURNING ${COLUMNS}`,
    [id, type, resource.resource, dataClasses, sensitivity, owner, subject, String(epoch)],
  );
  return row;
}

export async function resourceOf(tx: EntityManager, id: string): Promise<Resource | undefined> {
  const [row] = await tx.query<Resource[]>(
    `SELECT ${COLUMNS} FROM policy.resource WHERE id = $1 AND removed_at IS NULL`,
    [id],
  );
  return row;
}

/** False when it is not there. What was personal in it goes with it. */
export async function removeResource(tx: EntityManager, id: string, epoch: bigint): Promise<boolean> {
  const [, count] = await tx.query<[unknown[], number]>(
    'UPDATE policy.resource SET removed_at = now(), subject = NULL, epoch = $2 WHERE id = $1 AND removed_at IS NULL',
    [id, String(epoch)],
  );
  return count > 0;
}

/** Newest first, those before `before`. */
export function resourcesBefore(tx: EntityManager, before: string | null, limit: number): Promise<Resource[]> {
  return tx.query<Resource[]>(
    `SELECT ${COLUMNS} FROM policy.resource WHERE removed_at IS NULL AND ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`,
    [before, limit],
  );
}

export function changedResources(tx: EntityManager, since: bigint): Promise<ChangedResource[]> {
  return tx.query<ChangedResource[]>(
    `SELECT ${COLUMNS}, removed_at IS NOT NULL AS removed FROM policy.resource WHERE epoch > $1 ORDER BY epoch`,
    [String(since)],
  );
}
