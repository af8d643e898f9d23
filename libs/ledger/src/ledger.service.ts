import { randomFillSync } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Pool } from 'pg';
import { v7 as uuid7 } from 'uuid';
import { appendStatement } from './append-statement.js';
import { type Freshness, prepare, type Prepared, signedBatch } from './batch.js';
import type { Backlog } from './backlog.js';
import { BatchWriter } from './batch-writer.js';
import { CLASS_BYTES, type EntryKind, type Receipt } from './core/index.js';
import { LedgerUnavailable } from './failure.js';
import { GroupCommit } from './group-commit.js';
import type { SigningKeys } from './signing-keys.js';

/** A record and the kind that knows how to write it. */
export interface Item<T = unknown> {
  readonly kind: EntryKind<T>;
  readonly record: T;
}

/** Advisory lock under which an epoch is advanced. */
const EPOCH_LOCK = 7104;

/** The append-only record. Everybody writes here; what a payload means is the business of its kind. */
export class LedgerService {
  readonly #writer: BatchWriter;
  readonly #group: GroupCommit;

  constructor(
    writers: Pool,
    private readonly readers: Pool,
    private readonly keys: SigningKeys,
    private readonly backlog: Backlog,
  ) {
    this.#writer = new BatchWriter(writers, keys);
    this.#group = new GroupCommit(this.#writer.commit);
  }

  /** Resolves with one receipt an item once the batch that holds them all is durable. Rejects with LedgerUnavailable when that is
   *  unknown or false (answer 503; the same record may be appended again under the same key), with Superseded when the kill switch
   *  or the policies moved on (decide again), with AlreadyRecorded when a record's unique key is taken. */
  append(items: readonly Item[], freshness: Freshness): Promise<readonly Receipt[]> {
    const refusal = this.backlog.refusal();
    if (refusal !== null) return Promise.reject(new LedgerUnavailable(refusal, false));
    const prepared: Prepared[] = items.map(({ kind, record }) => prepare(kind, record, this.keys.tenant, random));
    return this.#group.add(prepared, freshness);
  }

  /** Records an administrative change inside the caller's own transaction, with the rows of its kind: all are durable or none. Call it
   *  last, since it takes the entry's place in the order. */
  async appendIn<T>(tx: EntityManager, kind: EntryKind<T>, record: T): Promise<void> {
    const prepared = prepare(kind, record, this.keys.tenant, random);
    const batch = signedBatch(uuid7(), Date.now(), [prepared.leaf], this.keys.origin, this.keys.receipts);
    const { text, values } = appendStatement([prepared], batch, null);
    await tx.query(text, values);
  }

  /** A note (C2SP signed-note) under the receipt key, which is published with the others: `<origin>/<name>`, then the lines. The name
   *  is the caller's own, so that no note of one kind can pass for another. */
  sign(name: 'access-review/v1', lines: readonly string[]): string {
    return this.keys.receipts.sign(`${[`${this.keys.origin}/${name}`, ...lines].join('\n')}\n`);
  }

  /** Moves an epoch on inside the caller's transaction and answers its new value. From its commit on the append statement refuses
   *  decisions made under an older kill epoch at once, and under an older policy epoch after two seconds. */
  async advanceEpoch(tx: EntityManager, name: 'policy' | 'kill'): Promise<number> {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [EPOCH_LOCK]);
    const [row] = await tx.query<{ value: string }[]>(
      'INSERT INTO ledger.epoch (name, value) SELECT $1, max(value) + 1 FROM ledger.epoch WHERE name = $1 RETURNING value',
      [name],
    );
    return Number(row?.value);
  }

  /** The epochs as of now, in one read. */
  async epochs(): Promise<Freshness> {
    const { rows } = await this.readers.query<{ name: string; value: string }>(
      'SELECT name, max(value) AS value FROM ledger.epoch GROUP BY name',
    );
    const valueOf = (name: string): number => Number(rows.find((row) => row.name === name)?.value);
    return { kill: valueOf('kill'), policy: valueOf('policy') };
  }

  /** Whether the kill switch was used after one of these entries was recorded, or in the second before: what they permit is void. */
  async killedSince(entryIds: readonly string[]): Promise<boolean> {
    const { rowCount } = await this.readers.query(
      `SELECT 1 FROM ledger.payload p JOIN ledger.batch b USING (batch_id)
       WHERE p.class = ANY($1::smallint[]) AND p.entry_id = ANY($2::uuid[]) AND p.part = 0
         AND b.received_at < (SELECT max(since) FROM ledger.epoch WHERE name = 'kill') + interval '1 second' LIMIT 1`,
      [CLASS_BYTES, entryIds],
    );
    return rowCount !== 0;
  }

  /** Entries that wait to be written, for metrics and load shedding. */
  get waiting(): number {
    return this.#group.waiting;
  }

  /** Waits for what is under way, at most seven seconds. */
  async close(): Promise<void> {
    await this.#group.drain(5_000);
    this.#writer.close();
    await this.#group.drain(2_000);
  }
}

const POOL_BYTES = 16 * 1024;
let pool = Buffer.alloc(0);
let used = 0;

/** Unpredictable bytes, drawn in bulk. */
function random(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES));
    used = 0;
  }
  used += bytes;
  return pool.subarray(used - bytes, used);
}
