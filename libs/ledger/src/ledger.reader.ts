import type { Pool } from 'pg';
import { leafHash, merkleBatch } from '@lexecon/crypto';
import {
  batchNote,
  CLASS_BYTES,
  decodeBody,
  decodeLeaf,
  type Leaf,
  LEAF_BYTES,
  type Receipt,
  receiptKeyName,
} from './core/index.js';
import type { SigningKeys } from './signing-keys.js';

/** Where an entry stands in the log, once it was sequenced. */
export interface Place {
  readonly logId: number;
  readonly shard: string;
  readonly index: number;
}

/** One stored entry with everything needed to prove it. */
export interface StoredEntry {
  readonly leaf: Leaf;
  /** Null until the next sequencing round. */
  readonly place: Place | null;
  readonly receipt: Receipt;
  /** All commitments, public fields first. */
  readonly commitments: readonly Buffer[];
  /** The sealed groups in order; the ciphertext is null when it was erased. */
  readonly sealed: readonly { readonly keyId: string; readonly ciphertext: Buffer | null }[];
}

interface Row {
  readonly ord: number;
  readonly body: Buffer;
  readonly batch_id: string;
  readonly signed_at: string;
  readonly signature: Buffer;
  readonly leaves: Buffer;
  readonly log_id: number | null;
  readonly shard: string | null;
  readonly base_idx: string | null;
  readonly sealed: readonly { key: string; ciphertext: string | null }[];
}

/** Reads single entries back. */
export class LedgerReader {
  constructor(
    private readonly pool: Pool,
    private readonly keys: SigningKeys,
  ) {}

  /** Null when there is no such entry, or its payload was pruned. */
  async read(entryId: string): Promise<StoredEntry | null> {
    const { rows } = await this.pool.query<Row>({
      name: 'read-entry',
      text: `
        SELECT p.ord, p.body, p.batch_id, b.signed_at, b.signature, b.leaves, s.log_id, h.name AS shard, s.base_idx,
          (SELECT coalesce(json_agg(json_build_object('key', q.subject_key_id, 'ciphertext', encode(q.ciphertext, 'base64')) ORDER BY q.part), '[]')
           FROM ledger.payload q WHERE q.class = p.class AND q.entry_id = p.entry_id AND q.subject_key_id IS NOT NULL) AS sealed
        FROM ledger.payload p JOIN ledger.batch b USING (batch_id)
        LEFT JOIN ledger.seq s USING (batch_id) LEFT JOIN ledger.shard h USING (log_id)
        WHERE p.class = ANY($1::smallint[]) AND p.entry_id = $2 AND p.part = 0`,
      values: [CLASS_BYTES, entryId],
    });
    const [row] = rows;
    return row ? this.#entryOf(entryId, row) : null;
  }

  #entryOf(entryId: string, row: Row): StoredEntry {
    const leaves = Array.from({ length: row.leaves.length / LEAF_BYTES }, (_, i) =>
      row.leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
    );
    const { root, paths } = merkleBatch(leaves.map(leafHash));
    const bytes = leaves[row.ord] ?? Buffer.alloc(0);
    const leaf = decodeLeaf(bytes);
    const { publicJson, seed, commitments } = decodeBody(row.body);
    const fields = JSON.parse(publicJson) as Receipt['opening']['public'];
    const { origin } = this.keys;
    const promise = { origin, batch: row.batch_id, count: leaves.length, root, timeMs: Number(row.signed_at) };
    const place =
      row.log_id === null || row.shard === null || row.base_idx === null
        ? null
        : { logId: row.log_id, shard: row.shard, index: Number(row.base_idx) + row.ord };
    return {
      leaf,
      place,
      commitments,
      sealed: row.sealed.map(({ key, ciphertext }) => ({
        keyId: key,
        ciphertext: ciphertext === null ? null : Buffer.from(ciphertext, 'base64'),
      })),
      receipt: {
        log: origin,
        entry: entryId,
        leaf: bytes.toString('base64'),
        opening: {
          schema: leaf.schema,
          seed: seed.toString('base64'),
          public: fields,
          commitments: commitments.slice(Object.keys(fields).length).map((commitment) => commitment.toString('base64')),
        },
        batch: row.batch_id,
        position: row.ord,
        path: (paths[row.ord] ?? []).map((hash) => hash.toString('base64')),
        note: batchNote(promise, receiptKeyName(origin), row.signature),
        index: place?.index ?? null,
      },
    };
  }
}
