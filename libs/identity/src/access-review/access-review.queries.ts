import type { EntityManager } from 'typeorm';
import { type Outcome, outcomes } from '../core/index.js';
import type { AccessReview, AccessReviewItem, ClosedReview } from './access-review.js';

const OPEN_LOCK = 7121;
const DAY = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;
const utc = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', ${DAY})`;

const COUNTS = ['undecided', ...outcomes]
  .map((name) => `'${name}', count(*) FILTER (WHERE coalesce(i.outcome, 'undecided') = '${name}')`)
  .join(', ');
const REVIEW = `r.id, r.name, r.period, r.opened_by AS "openedBy", r.opened_at AS "openedAt", r.due_at AS "dueAt",
  r.closed_at AS "closedAt",
  (SELECT json_build_object(${COUNTS}) FROM identity.access_review_item i WHERE i.review_id = r.id) AS counts`;

export interface NewReview extends Pick<AccessReview, 'id' | 'name' | 'period' | 'openedBy' | 'openedAt' | 'dueAt'> {
  /** Nothing to review means no campaign: something must have given access before this moment. */
  readonly since: Date | null;
}

/** Opens a campaign with everything that gives access at this moment. Undefined when the period has one already, or there was nothing
 *  before `since`. */
export async function insertReview(tx: EntityManager, review: NewReview): Promise<AccessReview | undefined> {
  const { id, name, period, openedBy, openedAt, dueAt, since } = review;
  await tx.query('SELECT pg_advisory_xact_lock($1)', [OPEN_LOCK]);
  const rows = await tx.query<unknown[]>(
    `INSERT INTO identity.access_review (id, name, period, opened_by, opened_at, due_at)
     SELECT $1, $2, $3, $4, $5, $6
     WHERE $7::timestamptz IS NULL OR EXISTS (SELECT 1 FROM identity.role_grant WHERE granted_at < $7)
       OR EXISTS (SELECT 1 FROM identity.actor WHERE created_at < $7)
     ON CONFLICT ON CONSTRAINT access_review_period_once DO NOTHING RETURNING id`,
    [id, name, period, openedBy, openedAt, dueAt, since],
  );
  if (rows.length === 0) return undefined;
  await tx.query(SNAPSHOT, [id, openedAt]);
  return reviewOf(tx, id);
}

/** Roles of people, keys that work, and agents and services that are active. */
const SNAPSHOT = `
INSERT INTO identity.access_review_item (id, review_id, kind, of_id, account_id, actor_id, granted_by, snapshot)
SELECT gen_random_uuid(), $1, kind, of_id, account_id, actor_id, granted_by, snapshot FROM (
  SELECT 'grant' AS kind, g.id::text AS of_id, g.account_id, NULL::uuid AS actor_id, g.granted_by, jsonb_build_object(
    'role', g.role, 'source', g.source, 'grantedAt', ${utc('g.granted_at')}, 'endsAt', ${utc('g.ends_at')}) AS snapshot
  FROM identity.role_grant g WHERE g.ended_at IS NULL AND g.ends_at > $2
  UNION ALL
  SELECT 'key', k.id, a.owner_account_id, a.id, NULL, jsonb_build_object(
    'actor', jsonb_build_object('type', a.type, 'id', a.name), 'role', k.role, 'environment', k.environment,
    'createdAt', ${utc('k.created_at')}, 'expiresAt', ${utc('k.expires_at')})
  FROM identity.api_key k JOIN identity.actor a ON a.id = k.actor_id
  WHERE k.revoked_at IS NULL AND k.expires_at > $2 AND a.status = 'active'
  UNION ALL
  SELECT 'agent', a.id::text, a.owner_account_id, a.id, NULL, jsonb_build_object(
    'actor', jsonb_build_object('type', a.type, 'id', a.name), 'roles', to_jsonb(a.roles), 'riskClass', a.risk_class,
    'reviewBy', a.review_by)
  FROM identity.actor a WHERE a.status = 'active' AND a.type <> 'user') held`;

/** Newest first; `before` is the id that the last page ended with. */
export async function reviewsBefore(
  db: EntityManager,
  before: string | null,
  limit: number,
): Promise<readonly AccessReview[]> {
  return db.query<AccessReview[]>(
    `SELECT ${REVIEW} FROM identity.access_review r WHERE $1::uuid IS NULL OR r.id < $1 ORDER BY r.id DESC LIMIT $2`,
    [before, limit],
  );
}

export async function reviewOf(db: EntityManager, id: string): Promise<AccessReview | undefined> {
  const [row] = await db.query<AccessReview[]>(`SELECT ${REVIEW} FROM identity.access_review r WHERE r.id = $1`, [id]);
  return row;
}

/** Campaigns that nothing is left to wait for at `now`. */
export async function dueReviews(db: EntityManager, now: Date): Promise<readonly string[]> {
  const rows = await db.query<{ id: string }[]>(
    `SELECT r.id FROM identity.access_review r WHERE r.closed_at IS NULL AND (r.due_at <= $1 OR NOT EXISTS (
       SELECT 1 FROM identity.access_review_item i WHERE i.review_id = r.id AND i.outcome IS NULL)) ORDER BY r.due_at`,
    [now],
  );
  return rows.map(({ id }) => id);
}

/** Locks a campaign that is not closed yet until the transaction ends: `SHARE` beside other decisions, `UPDATE` alone. */
export async function lockRunning(
  tx: EntityManager,
  id: string,
  how: 'SHARE' | 'UPDATE',
): Promise<Pick<AccessReview, 'dueAt'> | undefined> {
  const [row] = await tx.query<Pick<AccessReview, 'dueAt'>[]>(
    `SELECT due_at AS "dueAt" FROM identity.access_review WHERE id = $1 AND closed_at IS NULL FOR ${how}`,
    [id],
  );
  return row;
}

export async function closeReview(tx: EntityManager, id: string, now: Date, closed: ClosedReview): Promise<void> {
  const { report, note, entryId } = closed;
  await tx.query(
    'UPDATE identity.access_review SET closed_at = $2, report = $3, note = $4, entry_id = $5 WHERE id = $1',
    [id, now, report, note, entryId],
  );
}

/** Undefined while it is not closed. */
export async function closedReview(db: EntityManager, id: string): Promise<ClosedReview | undefined> {
  const [row] = await db.query<ClosedReview[]>(
    'SELECT report, note, entry_id AS "entryId" FROM identity.access_review WHERE id = $1 AND closed_at IS NOT NULL',
    [id],
  );
  return row;
}

const ITEM = `i.id, i.kind, i.of_id AS of, i.account_id AS account, i.actor_id AS "actorId", i.granted_by AS "grantedBy", i.snapshot,
  i.outcome, i.exception, i.decided_by AS "decidedBy", i.decided_at AS "decidedAt", i.reason, encode(i.salt, 'base64') AS salt,
  (SELECT a.email FROM identity.account a WHERE a.id = i.account_id AND a.status <> 'deleted') AS email`;

export interface ItemFilter {
  readonly kind?: AccessReviewItem['kind'] | undefined;
  readonly outcome?: Outcome | 'undecided' | undefined;
  readonly account?: string | undefined;
}

export async function itemsAfter(
  db: EntityManager,
  reviewId: string,
  { kind, outcome, account }: ItemFilter,
  after: string | null,
  limit: number | null,
): Promise<readonly AccessReviewItem[]> {
  return db.query<AccessReviewItem[]>(
    `SELECT ${ITEM} FROM identity.access_review_item i
     WHERE i.review_id = $1 AND ($2::text IS NULL OR i.kind = $2)
       AND ($3::text IS NULL OR coalesce(i.outcome, 'undecided') = $3) AND ($4::uuid IS NULL OR i.account_id = $4)
       AND ($5::uuid IS NULL OR i.id > $5) ORDER BY i.id LIMIT $6`,
    [reviewId, kind ?? null, outcome ?? null, account ?? null, after, limit],
  );
}

export async function itemOf(db: EntityManager, reviewId: string, id: string): Promise<AccessReviewItem | undefined> {
  const [row] = await db.query<AccessReviewItem[]>(
    `SELECT ${ITEM} FROM identity.access_review_item i WHERE i.review_id = $1 AND i.id = $2`,
    [reviewId, id],
  );
  return row;
}

export interface Settled {
  readonly outcome: Outcome;
  readonly exception?: 'last-administrator' | 'break-glass';
  readonly by: string | null;
  readonly at: Date;
  readonly reason?: { readonly text: string; readonly salt: Buffer; readonly hash: Buffer };
}

/** Decides an item; whoever comes second gets false. */
export async function settleItem(tx: EntityManager, id: string, settled: Settled): Promise<boolean> {
  const { outcome, exception, by, at, reason } = settled;
  const rows = await tx.query<unknown[]>(
    `WITH settled AS (
       UPDATE identity.access_review_item SET outcome = $2, exception = $3, decided_by = $4, decided_at = $5, reason = $6, salt = $7,
         reason_hash = $8
       WHERE id = $1 AND outcome IS NULL RETURNING id)
     SELECT id FROM settled`,
    [id, outcome, exception ?? null, by, at, reason?.text ?? null, reason?.salt ?? null, reason?.hash ?? null],
  );
  return rows.length > 0;
}

/** Hash of each reason, in hex, by item. */
export async function reasonHashes(db: EntityManager, reviewId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await db.query<{ id: string; hash: string }[]>(
    `SELECT id, encode(reason_hash, 'hex') AS hash FROM identity.access_review_item
     WHERE review_id = $1 AND reason_hash IS NOT NULL`,
    [reviewId],
  );
  return new Map(rows.map(({ id, hash }) => [id, hash]));
}

/** Why a grant must stay all the same: it is the break-glass account's, or there would be no ordinary administrator left who can come
 *  in. Others that take an administrator's rights wait until the transaction ends. */
export async function exceptionOf(
  tx: EntityManager,
  { kind, account, snapshot }: Pick<AccessReviewItem, 'kind' | 'account' | 'snapshot'>,
): Promise<'last-administrator' | 'break-glass' | null> {
  if (kind !== 'grant') return null;
  const isAdministrator = snapshot['role'] === 'admin';
  if (isAdministrator) await tx.query('UPDATE identity.administrator_lock SET changed_at = clock_timestamp()');
  const [row] = await tx.query<{ breakGlass: boolean; active: boolean; others: boolean }[]>(
    `SELECT a.break_glass AS "breakGlass", a.status = 'active' AS active, EXISTS (
       SELECT 1 FROM identity.role_grant g JOIN identity.account b ON b.id = g.account_id
       WHERE g.role = 'admin' AND g.ended_at IS NULL AND g.ends_at > now() AND b.status = 'active' AND NOT b.break_glass
         AND b.id <> a.id) AS others
     FROM identity.account a WHERE a.id = $1`,
    [account],
  );
  if (row?.breakGlass) return 'break-glass';
  return isAdministrator && row?.active && !row.others ? 'last-administrator' : null;
}

/** Erasure: what was written about this person is gone; its hash stays, so that reports stay as they were signed. */
export async function forgetReasons(tx: EntityManager, accountId: string): Promise<void> {
  await tx.query('UPDATE identity.access_review_item SET reason = NULL, salt = NULL WHERE account_id = $1', [
    accountId,
  ]);
}
