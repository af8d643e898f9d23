import type { Json } from '@lexecon/crypto';

/** One registry of what a leaf can be. A byte is never given a second meaning. */
export const kindBytes = {
  decision: 1,
  override: 2,
  audit: 3,
  erasure: 4,
  prune: 5,
  'key-event': 6,
  'shard-open': 7,
  'shard-close': 8,
  policy: 9,
  review: 10,
  access: 11,
  outcome: 12,
  deployment: 13,
  flag: 14,
} as const;
export type KindName = keyof typeof kindBytes;

/** How long an entry's payload is kept: the sealed part and the public part, in days; null is the life of the shard.
 *  `rows` names the classes of the retention matrix: sealed / public. */
export const retentionClasses = {
  shard: { byte: 0, sealedDays: null, publicDays: null, rows: 'R5' },
  decision: { byte: 1, sealedDays: 30, publicDays: 396, rows: 'R1/R2 standard' },
  override: { byte: 2, sealedDays: 396, publicDays: 396, rows: 'R3' },
  audit: { byte: 3, sealedDays: 1096, publicDays: 1096, rows: 'R4' },
  'decision-high-risk': { byte: 4, sealedDays: 184, publicDays: 396, rows: 'R1/R2 high_risk_ai' },
} as const;
export type RetentionClass = keyof typeof retentionClasses;
/** Partitions of the payload: an entry id alone does not say which. */
export const CLASS_BYTES: readonly number[] = Object.values(retentionClasses).map(({ byte }) => byte);

const DAY_MS = 86_400_000;

/** Whether the retention of an entry made at `timeMs` allows that its payload is no longer kept at `nowMs`. */
export function mayBePruned(name: RetentionClass, timeMs: number, nowMs: number): boolean {
  const { publicDays } = retentionClasses[name];
  return publicDays !== null && timeMs + publicDays * DAY_MS < nowMs;
}

/** A data subject's secret, from the vault. Destroying it makes everything sealed under it unreadable. */
export interface SubjectKey {
  /** UUID of the key, never derived from the person. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** The facts of one entry that concern one person. */
export interface SealedGroup {
  readonly key: SubjectKey;
  readonly fields: Readonly<Record<string, Json>>;
}

/** What a kind makes of a record: everything the ledger needs to build the leaf and its payload. */
export interface Entry {
  /** UUIDv7, 16 bytes. */
  readonly entryId: Buffer;
  /** Unix milliseconds, server clock. */
  readonly timeMs: number;
  readonly class: RetentionClass;
  /** The entry this one is about (override -> decision), 16 bytes. */
  readonly ref?: Buffer;
  /** Fields anybody may read; no personal data, ever. */
  readonly public: Readonly<Record<string, Json>>;
  /** At most one group a person; the first group's fields are named `~name`, those of group k `~subjectk.name`. */
  readonly sealed: readonly SealedGroup[];
}

/** A room's own sort of entry. */
export interface EntryKind<T> {
  readonly name: KindName;
  /** Pure: same record, same entry. */
  encode(record: T): Entry;
  /** The room's own rows, table by table, written in the ledger's statement or not at all. */
  readonly persist?: readonly Persistence<T>[];
}

/** Rows of one table, inserted inside the statement that stores the leaves. */
export interface Persistence<T> {
  /** Short name of the table, unique within the kind. */
  readonly table: string;
  /** One data-modifying statement over arrays; `p(i)` is the parameter that `values` gives at place i. It must insert from
   *  `unnest(…), a WHERE a.fresh`, so that a batch that is sent again writes nothing. */
  sql(p: (index: number) => string): string;
  /** One array (or binary-encoded array) a parameter, as long as `records`. */
  values(records: readonly T[]): readonly unknown[];
  /** Which records have a row here; all when left out. A batch without any goes without the statement, which PostgreSQL would
   *  otherwise run over nothing. */
  concerns?(record: T): boolean;
  /** Unique constraint that tells that a record is already there (an idempotency key); see `collided`. */
  readonly uniqueConstraint?: string;
  /** Which of the records are already there. Asked after `uniqueConstraint` was violated. */
  collided?(query: Query, records: readonly T[]): Promise<readonly boolean[]>;
}

export type Query = (sql: string, values: readonly unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>;
