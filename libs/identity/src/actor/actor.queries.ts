import type { EntityManager } from 'typeorm';
import { validate } from 'uuid';
import { notFound } from '@lexecon/auth';
import type { Actor, ActorFacts, ActorType } from './actor.js';

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

/** What every replica knows of an actor. */
export type StoredActor = ActorFacts & Pick<Actor, 'type' | 'name' | 'reviewBy'>;

export async function changedActors(db: EntityManager, since: bigint): Promise<readonly StoredActor[]> {
  return db.query<StoredActor[]>(
    `SELECT id, type, name, roles, attributes, status = 'disabled' AS disabled, review_by::text AS "reviewBy" FROM identity.actor
     WHERE epoch > $1 ORDER BY epoch`,
    [since],
  );
}

const ACTOR = `id, type, name, owner, purpose, roles, attributes, status, created_at AS "createdAt",
  owner_account_id AS "ownerId", risk_class AS "riskClass", review_by::text AS "reviewBy", reviewed_at AS "reviewedAt"`;

export const reviewStates = ['overdue', 'due', 'orphaned'] as const;
/** Of active agents and services. `overdue`: the day of the review is past; `due`: it is within 30 days or past; `orphaned`: no
 *  account of a person who is still here is named as owner. */
export type ReviewState = (typeof reviewStates)[number];

const TODAY = `(now() AT TIME ZONE 'UTC')::date`;
const WATCHED = `status = 'active' AND type <> 'user'`;
const REVIEW: Readonly<Record<ReviewState, string>> = {
  overdue: `${WATCHED} AND review_by < ${TODAY}`,
  due: `${WATCHED} AND review_by <= ${TODAY} + 30`,
  orphaned: `${WATCHED} AND NOT EXISTS (
    SELECT 1 FROM identity.account p WHERE p.id = owner_account_id AND p.status IN ('invited', 'active'))`,
};

export interface ActorFilter {
  readonly review?: ReviewState | undefined;
  /** What `owner` says, or the id of the owner's account. */
  readonly owner?: string | undefined;
}

/** Newest first; `before` is the id that the last page ended with. */
export async function actorsBefore(
  db: EntityManager,
  { review, owner }: ActorFilter,
  before: string | null,
  limit: number,
): Promise<readonly Actor[]> {
  return db.query<Actor[]>(
    `SELECT ${ACTOR} FROM identity.actor
     WHERE ($1::uuid IS NULL OR id < $1) AND ($2::text IS NULL OR owner = $2 OR owner_account_id::text = $2)
       AND (${review ? REVIEW[review] : 'true'}) ORDER BY id DESC LIMIT $3`,
    [before, owner ?? null, limit],
  );
}

export async function countOfOverdue(db: EntityManager): Promise<number> {
  const [row] = await db.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM identity.actor WHERE ${REVIEW.overdue}`,
  );
  return row?.count ?? 0;
}

/** Ids of the active actors that this account answers for. */
export async function actorsOwnedBy(db: EntityManager, accountId: string): Promise<readonly Actor[]> {
  return db.query<Actor[]>(
    `SELECT ${ACTOR} FROM identity.actor WHERE owner_account_id = $1 AND status = 'active' ORDER BY id`,
    [accountId],
  );
}

/** Whether the account is one of a person who can answer for an agent. */
export async function mayOwn(db: EntityManager, accountId: string): Promise<boolean> {
  const rows = await db.query<unknown[]>(`SELECT 1 FROM identity.account WHERE id = $1 AND status = 'active'`, [
    accountId,
  ]);
  return rows.length > 0;
}

async function actorOf(db: EntityManager, id: string): Promise<Actor | undefined> {
  const [row] = await db.query<Actor[]>(`SELECT ${ACTOR} FROM identity.actor WHERE id = $1`, [id]);
  return row;
}

/** Throws ProblemError 404. */
export async function requireActor(db: EntityManager, id: string): Promise<Actor> {
  const actor = validate(id) ? await actorOf(db, id) : undefined;
  if (!actor) throw notFound('agent');
  return actor;
}

export async function actorNamed(db: EntityManager, type: ActorType, name: string): Promise<Actor | undefined> {
  const [row] = await db.query<Actor[]>(`SELECT ${ACTOR} FROM identity.actor WHERE type = $1 AND name = $2`, [
    type,
    name,
  ]);
  return row;
}

export type ActorRow = Omit<Actor, 'status' | 'createdAt' | 'reviewedAt'>;

/** Undefined when the type already has an actor of that name. */
export async function insertActor(
  tx: EntityManager,
  { id, type, name, owner, purpose, roles, attributes, ownerId, riskClass, reviewBy }: ActorRow,
  epoch: string,
): Promise<Actor | undefined> {
  const [row] = await tx.query<Actor[]>(
    `INSERT INTO identity.actor (id, type, name, owner, purpose, roles, attributes, owner_account_id, risk_class, review_by, epoch)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT ON CONSTRAINT actor_name_once DO NOTHING RETURNING ${ACTOR}`,
    [id, type, name, owner, purpose, roles, JSON.stringify(attributes), ownerId, riskClass, reviewBy, epoch],
  );
  return row;
}

export type ActorChange = Partial<
  Pick<Actor, 'owner' | 'ownerId' | 'purpose' | 'roles' | 'attributes' | 'status' | 'riskClass'>
>;
/** What a review may change besides. */
export type ReviewedChange = ActorChange & Partial<Pick<Actor, 'reviewBy' | 'reviewedAt'>>;

/** Undefined when there is no such actor. What the change leaves out stays as it is. */
export async function updateActor(
  tx: EntityManager,
  id: string,
  { owner, ownerId, purpose, roles, attributes, status, riskClass, reviewBy, reviewedAt }: ReviewedChange,
  epoch: string,
): Promise<Actor | undefined> {
  const [row] = await tx.query<Actor[]>(
    `WITH changed AS (
       UPDATE identity.actor SET owner = coalesce($2, owner), purpose = coalesce($3, purpose), roles = coalesce($4, roles),
         attributes = coalesce($5::jsonb, attributes), status = coalesce($6, status), epoch = $7,
         owner_account_id = coalesce($8, owner_account_id), risk_class = coalesce($9, risk_class),
         review_by = coalesce($10::date, review_by), reviewed_at = coalesce($11::timestamptz, reviewed_at)
       WHERE id = $1 RETURNING *)
     SELECT ${ACTOR} FROM changed`,
    [
      id,
      owner,
      purpose,
      roles,
      attributes && JSON.stringify(attributes),
      status,
      epoch,
      ownerId,
      riskClass,
      reviewBy,
      reviewedAt,
    ],
  );
  return row;
}
