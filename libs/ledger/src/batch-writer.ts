import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';
import { v7 as uuid7 } from 'uuid';
import { appendStatement } from './append-statement.js';
import { type Freshness, type Prepared, receiptOf, type SignedBatch, signedBatch } from './batch.js';
import type { EntryKind, Persistence, Query } from './core/index.js';
import { AlreadyRecorded, constraintOf, isOfRecord, LedgerUnavailable, outcomeOf, Superseded } from './failure.js';
import type { Bundle } from './group-commit.js';
import type { SigningKeys } from './signing-keys.js';

/** Pauses between sending the same batch again, in milliseconds. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
/** How old the check of the epochs may be when the answers of a batch leave, in milliseconds: what took longer is checked again. */
const CONFIRMED_MS = 500;

/** How a batch ended: durable, its epochs last known to be in force at a moment of this process's clock (-Infinity: not known, an
 *  earlier attempt stored it), or definitely not, for this reason. */
type Written = { readonly confirmedAt: number } | { readonly refusedBy: unknown };

/** Sends batches and does not rest until each has a definite outcome: the same bytes under the same batch id, on a new connection. */
export class BatchWriter {
  readonly #log = new Logger('Ledger');
  #closed = false;

  constructor(
    private readonly pool: Pool,
    private readonly keys: SigningKeys,
  ) {}

  /** No more resending: what is unknown at shutdown stays with the idempotency key. */
  close(): void {
    this.#closed = true;
  }

  readonly commit = async (bundles: readonly Bundle[]): Promise<void> => {
    try {
      await this.#commit(bundles);
    } catch (error) {
      this.#log.error({ err: error }, 'batch failed');
      refuseAll(bundles, new LedgerUnavailable('the batch could not be written', true, { cause: error }));
    }
  };

  async #commit(bundles: readonly Bundle[]): Promise<void> {
    const prepared = bundles.flatMap((bundle) => bundle.prepared);
    const batch = signedBatch(
      uuid7(),
      Date.now(),
      prepared.map((one) => one.leaf),
      this.keys.origin,
      this.keys.receipts,
    );
    const freshness = oldestOf(bundles);
    const written = await this.#write(prepared, batch, freshness);
    if ('refusedBy' in written) await this.#refused(bundles, written.refusedBy);
    else if (performance.now() - written.confirmedAt <= CONFIRMED_MS || (await this.#inForce(freshness)))
      settleAll(bundles, batch);
    else
      refuseAll(bundles, new LedgerUnavailable('recorded, but its epoch was superseded before that was known', true));
  }

  async #refused(bundles: readonly Bundle[], error: unknown): Promise<void> {
    const outcome = outcomeOf(error);
    if (outcome === 'superseded') refuseAll(bundles, new Superseded('decided under a superseded epoch'));
    else if (outcome === 'duplicate') await this.#withoutRecorded(bundles, error);
    else if (isOfRecord(error)) await this.#halves(bundles, error);
    else refuseAll(bundles, refusal(error));
  }

  /** One record that the database does not take fails its own caller only: the others go out again, under new batch ids. */
  async #halves(bundles: readonly Bundle[], error: unknown): Promise<void> {
    if (bundles.length === 1) {
      refuseAll(bundles, refusal(error));
      return;
    }
    const middle = Math.ceil(bundles.length / 2);
    await this.#commit(bundles.slice(0, middle));
    await this.#commit(bundles.slice(middle));
  }

  /** Whether decisions made under these epochs may leave now, by the rule of the append statement. Rejects when that cannot be asked. */
  async #inForce({ kill, policy }: Freshness): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `SELECT 1 FROM ledger.epoch WHERE (name = 'kill' AND value > $1)
         OR (name = 'policy' AND value = $2 + 1 AND since < clock_timestamp() - interval '2 seconds')`,
      [kill, policy],
    );
    return rowCount === 0;
  }

  /** Sends the batch until its outcome is definite. */
  async #write(prepared: readonly Prepared[], batch: SignedBatch, freshness: Freshness): Promise<Written> {
    const statement = appendStatement(prepared, batch, freshness);
    let pause = FIRST_PAUSE_MS;
    let doubt = false;
    let duplicates = 0;
    for (;;) {
      const sentAt = performance.now();
      try {
        const { rows } = await this.pool.query<{ fresh: boolean }>(statement);
        return { confirmedAt: rows[0]?.fresh === true ? sentAt : -Infinity };
      } catch (error) {
        const outcome = outcomeOf(error);
        if (!doubt && outcome !== 'unknown') return { refusedBy: error };
        // In doubt an earlier attempt may still be running or have committed. Superseded is raised only after every earlier attempt is
        // over; a duplicate may be our own, committed a moment ago, so it is asked once more; any other refusal says nothing about it.
        if (outcome === 'superseded' || (outcome === 'duplicate' && ++duplicates > 1)) return { refusedBy: error };
        if (outcome === 'unknown') [doubt, duplicates] = [true, 0];
        this.#log.warn({ err: error }, 'outcome of a batch unknown, sending it again');
        if (this.#closed) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }

  /** The batch was aborted because a record's unique key is taken: refuse those members, send the others under a new batch id. */
  async #withoutRecorded(bundles: readonly Bundle[], error: unknown): Promise<void> {
    const constraint = constraintOf(error);
    const kinds = new Set(bundles.flatMap((bundle) => bundle.prepared.map((one) => one.kind)));
    const recorded = new Set<unknown>();
    for (const kind of kinds)
      for (const persistence of kind.persist ?? [])
        if (persistence.uniqueConstraint === constraint) await this.#markRecorded(kind, persistence, bundles, recorded);
    const isRecorded = (bundle: Bundle): boolean => bundle.prepared.some((one) => recorded.has(one.record));
    const [taken, others] = [bundles.filter(isRecorded), bundles.filter((bundle) => !isRecorded(bundle))];
    if (taken.length === 0) await this.#halves(bundles, error);
    else {
      refuseAll(taken, new AlreadyRecorded('a record with this key exists'));
      if (others.length > 0) await this.#commit(others);
    }
  }

  async #markRecorded(
    kind: EntryKind<unknown>,
    persistence: Persistence<unknown>,
    bundles: readonly Bundle[],
    recorded: Set<unknown>,
  ): Promise<void> {
    const records = bundles.flatMap((bundle) =>
      bundle.prepared.filter((one) => one.kind === kind).map((one) => one.record),
    );
    const query: Query = async (sql, values) => (await this.pool.query<Record<string, unknown>>(sql, [...values])).rows;
    const there = (await persistence.collided?.(query, records)) ?? [];
    records.forEach((record, i) => {
      if (there[i]) recorded.add(record);
    });
  }
}

const refusal = (cause: unknown): LedgerUnavailable =>
  new LedgerUnavailable('the ledger refused the batch', false, { cause });

function settleAll(bundles: readonly Bundle[], batch: SignedBatch): void {
  let position = 0;
  for (const bundle of bundles) bundle.settle(bundle.prepared.map((one) => receiptOf(one, position++, batch)));
}

function refuseAll(bundles: readonly Bundle[], error: Error): void {
  for (const bundle of bundles) bundle.refuse(error);
}

/** A batch is as fresh as its oldest member. */
const oldestOf = (bundles: readonly Bundle[]): Freshness => ({
  kill: Math.min(...bundles.map((bundle) => bundle.freshness.kill)),
  policy: Math.min(...bundles.map((bundle) => bundle.freshness.policy)),
});
