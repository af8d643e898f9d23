import type { Pool } from 'pg';
import { smallintArray, uuidArray } from './binary-array.js';
import { bytesOfUuid, LEAF_BYTES } from './core/index.js';
import { MOST_IN_BATCH } from './tile.store.js';
import { LedgerDamaged } from './tree.state.js';

/** Entries read at once, more when a batch is larger. */
const WINDOW = 512;

export interface WalkedEntry {
  readonly index: number;
  readonly leaf: Buffer;
  /** Null when there is no payload for the class and id in the leaf. */
  readonly payload: WalkedPayload | null;
}

/** Where a payload says it belongs, and its public part. */
export interface WalkedPayload {
  readonly batch: string;
  readonly position: number;
  readonly body: Buffer | null;
}

/** One batch as it stands in the log, with all of its entries. */
export interface WalkedBatch {
  readonly batch: string;
  /** Place of its first entry. */
  readonly index: number;
  readonly timeMs: number;
  readonly signature: Buffer;
  readonly entries: readonly WalkedEntry[];
}

interface Row {
  readonly batch_id: string;
  readonly base_idx: string;
  readonly signed_at: string;
  readonly signature: Buffer;
  readonly leaves: Buffer;
}

/** Entries that nothing in the sequence accounts for, up to, not including, `to`; or a batch in a place that is taken. */
export interface Irregularity {
  readonly index: number;
  readonly to: number;
  readonly batch: string | null;
}

/** Reads a log from its batches, in order, a window at a time; each window is one short read. */
export class LogWalk {
  constructor(private readonly pool: Pool) {}

  /** Every batch that has entries in [from, to). Throws LedgerDamaged when the sequence has a gap. */
  async *batches(logId: number, from: number, to: number): AsyncGenerator<WalkedBatch, void> {
    for await (const step of this.steps(logId, from, to)) {
      if (!('entries' in step)) throw new LedgerDamaged(`the sequence has no entry ${String(step.index)}`);
      yield step;
    }
  }

  /** The same, and what is wrong with the sequence. */
  async *steps(logId: number, from: number, to: number): AsyncGenerator<WalkedBatch | Irregularity, void> {
    let at = from;
    while (at < to) {
      const end = Math.min(at + WINDOW, to);
      for (const batch of await this.#withBodies(await this.#window(logId, at, end))) {
        if (batch.index > at) yield { index: at, to: batch.index, batch: null };
        if (batch.index < at && at > from) {
          yield { index: batch.index, to: at, batch: batch.batch };
          continue;
        }
        at = batch.index + batch.entries.length;
        yield batch;
      }
      if (at < end) yield { index: at, to: end, batch: null };
      at = Math.max(at, end);
    }
  }

  async #window(logId: number, from: number, to: number): Promise<readonly Row[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'walk',
      text: `SELECT b.batch_id, s.base_idx, b.signed_at, b.signature, b.leaves
             FROM ledger.seq s JOIN ledger.batch b USING (batch_id)
             WHERE s.log_id = $1 AND s.base_idx > $2 - ${String(MOST_IN_BATCH)} AND s.next_idx > $2 AND s.base_idx < $3 ORDER BY s.base_idx`,
      values: [logId, from, to],
    });
    return rows;
  }

  async #withBodies(rows: readonly Row[]): Promise<readonly WalkedBatch[]> {
    const leaves = rows.map((row) => leavesOf(row.leaves));
    const payloads = await this.#payloads(leaves.flat());
    return rows.map((row, b) => ({
      batch: row.batch_id,
      index: Number(row.base_idx),
      timeMs: Number(row.signed_at),
      signature: row.signature,
      entries: (leaves[b] ?? []).map((leaf, i) => ({
        index: Number(row.base_idx) + i,
        leaf,
        payload: payloads.get(payloadKey(leaf[5] ?? -1, leaf.toString('hex', 14, 30))) ?? null,
      })),
    }));
  }

  async #payloads(leaves: readonly Buffer[]): Promise<ReadonlyMap<string, WalkedPayload>> {
    const { rows } = await this.pool.query<{
      class: number;
      entry_id: string;
      batch_id: string;
      ord: number;
      body: Buffer | null;
    }>({
      name: 'walk-payloads',
      text: `SELECT p.class, p.entry_id, p.batch_id, p.ord, p.body FROM unnest($1::smallint[], $2::uuid[]) u(class, entry_id)
             JOIN ledger.payload p USING (class, entry_id) WHERE p.part = 0`,
      values: [
        smallintArray(leaves.map((leaf) => leaf[5] ?? -1)),
        uuidArray(leaves.map((leaf) => leaf.subarray(14, 30))),
      ],
    });
    return new Map(
      rows.map((row) => [
        payloadKey(row.class, bytesOfUuid(row.entry_id).toString('hex')),
        { batch: row.batch_id, position: row.ord, body: row.body },
      ]),
    );
  }
}

const payloadKey = (classByte: number, entryId: string): string => `${String(classByte)}/${entryId}`;

function leavesOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length / LEAF_BYTES }, (_, i) =>
    bytes.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
  );
}
