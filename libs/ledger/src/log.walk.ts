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
  /** Public part of the payload; null when there is none for the class and id in the leaf. */
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

/** Reads a log from its batches, in order, a window at a time; each window is one short read. */
export class LogWalk {
  constructor(private readonly pool: Pool) {}

  /** Every batch that has entries in [from, to). Throws LedgerDamaged when the sequence has a gap. */
  async *batches(logId: number, from: number, to: number): AsyncGenerator<WalkedBatch, void> {
    let at = from;
    while (at < to) {
      const rows = await this.#window(logId, at, Math.min(at + WINDOW, to));
      for (const batch of await this.#withBodies(rows)) {
        if (batch.index > at) throw new LedgerDamaged(`the sequence has no entry ${String(at)}`);
        at = batch.index + batch.entries.length;
        yield batch;
      }
      if (rows.length === 0) throw new LedgerDamaged(`the sequence has no entry ${String(at)}`);
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
    const bodies = await this.#bodies(leaves.flat());
    return rows.map((row, b) => ({
      batch: row.batch_id,
      index: Number(row.base_idx),
      timeMs: Number(row.signed_at),
      signature: row.signature,
      entries: (leaves[b] ?? []).map((leaf, i) => ({
        index: Number(row.base_idx) + i,
        leaf,
        body: bodies.get(payloadKey(leaf[5] ?? -1, leaf.toString('hex', 14, 30))) ?? null,
      })),
    }));
  }

  async #bodies(leaves: readonly Buffer[]): Promise<ReadonlyMap<string, Buffer | null>> {
    const { rows } = await this.pool.query<{ class: number; entry_id: string; body: Buffer | null }>({
      name: 'walk-bodies',
      text: `SELECT p.class, p.entry_id, p.body FROM unnest($1::smallint[], $2::uuid[]) u(class, entry_id)
             JOIN ledger.payload p USING (class, entry_id) WHERE p.part = 0`,
      values: [
        smallintArray(leaves.map((leaf) => leaf[5] ?? -1)),
        uuidArray(leaves.map((leaf) => leaf.subarray(14, 30))),
      ],
    });
    return new Map(rows.map((row) => [payloadKey(row.class, bytesOfUuid(row.entry_id).toString('hex')), row.body]));
  }
}

const payloadKey = (classByte: number, entryId: string): string => `${String(classByte)}/${entryId}`;

function leavesOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length / LEAF_BYTES }, (_, i) =>
    bytes.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
  );
}
