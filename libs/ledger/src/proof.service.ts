import type { Pool } from 'pg';
import { formatTlogProof } from '@lexecon/crypto';
import { unprocessable } from '@lexecon/auth';
import { CLASS_BYTES, type EntryProof } from './core/index.js';
import { consistencyPath, inclusionPath, tilesForConsistency, tilesForInclusion } from './core/proofs.js';
import type { Head, HeadReader } from './head.reader.js';
import { PlaceWaiter } from './place.waiter.js';
import type { TileStore } from './tile.store.js';

/** Hashes that prove something about a shard at `size`; `checkpoint` is null when no head of that size was published. */
export interface Proof {
  readonly shard: string;
  readonly size: number;
  readonly path: readonly Buffer[];
  readonly checkpoint: string | null;
}

/** Where an entry stands, with its leaf. */
interface PlacedLeaf {
  readonly entryId: string;
  readonly shard: string;
  readonly index: number;
  readonly leaf: Buffer;
}

/** Makes inclusion and consistency proofs under published heads. */
export class ProofService {
  readonly #waiter = new PlaceWaiter((ids) => this.#prove(ids));

  constructor(
    private readonly pool: Pool,
    private readonly heads: HeadReader,
    private readonly tiles: TileStore,
  ) {}

  /** The newest published head of the shard, or of the newest shard that has one; null when there is none. */
  latestHead(shard?: string): Promise<Head | null> {
    return this.heads.latest(shard);
  }

  /** That entry `index` is among the first `size` (the newest published head's size when not given) of the head's shard. Throws
   *  ProblemError 422 with `/index` or `/size`. */
  async inclusion(head: Head, index: number, size = head.size): Promise<Proof> {
    if (size > head.size || size === 0)
      throw unprocessable([
        { pointer: '/size', detail: `must be 1 to ${String(head.size)}, the newest published size` },
      ]);
    if (index >= size) throw unprocessable([{ pointer: '/index', detail: `must be less than ${String(size)}` }]);
    const tiles = await this.tiles.load(head.logId, tilesForInclusion(index, size));
    return this.#under(head, size, inclusionPath(index, size, tiles));
  }

  /** That the first `from` entries are the beginning of the first `to`. Throws ProblemError 422 with `/from` or `/to`. */
  async consistency(head: Head, from: number, to = head.size): Promise<Proof> {
    if (to > head.size)
      throw unprocessable([
        { pointer: '/to', detail: `must be at most ${String(head.size)}, the newest published size` },
      ]);
    if (from > to) throw unprocessable([{ pointer: '/from', detail: `must be at most ${String(to)}` }]);
    const tiles = await this.tiles.load(head.logId, tilesForConsistency(from, to));
    return this.#under(head, to, consistencyPath(from, to, tiles));
  }

  /** The proof under the newest published head; null while there is none, or the entry is not (any more) known by its id. */
  async entryProof(entryId: string): Promise<EntryProof | null> {
    return (await this.#prove([entryId])).get(entryId) ?? null;
  }

  /** The same, waiting at most `ms` milliseconds for the checkpoint; null when it does not come in time. */
  awaitProof(entryId: string, ms: number): Promise<EntryProof | null> {
    return this.#waiter.wait(entryId, ms);
  }

  /** The C2SP tlog-proof file, with the leaf as its extra data. */
  async tlogProof(entryId: string): Promise<string | null> {
    const [placed] = await this.#placed([entryId]);
    const proof = await this.entryProof(entryId);
    return placed && proof ? tlogProofText(placed.leaf, proof) : null;
  }

  async #under(head: Head, size: number, path: readonly Buffer[]): Promise<Proof> {
    const signed = size === head.size ? head : await this.heads.at(head.logId, size);
    return { shard: head.shard, size, path, checkpoint: signed?.checkpoint ?? null };
  }

  async #prove(entryIds: readonly string[]): Promise<ReadonlyMap<string, EntryProof>> {
    const proofs = new Map<string, EntryProof>();
    const heads = new Map<string, Head | null>();
    for (const { entryId, shard, index } of await this.#placed(entryIds)) {
      if (!heads.has(shard)) heads.set(shard, await this.heads.latest(shard));
      const head = heads.get(shard);
      if (!head || index >= head.size) continue;
      const { path } = await this.inclusion(head, index);
      const hashes = path.map((hash) => hash.toString('base64'));
      proofs.set(entryId, { shard, index, size: head.size, path: hashes, checkpoint: head.checkpoint });
    }
    return proofs;
  }

  async #placed(entryIds: readonly string[]): Promise<readonly PlacedLeaf[]> {
    const { rows } = await this.pool.query<{
      entry_id: string;
      shard: string;
      index: string;
      leaf: Buffer;
    }>({
      name: 'placed',
      text: `SELECT p.entry_id, h.name AS shard, s.base_idx + p.ord AS index,
               substring(b.leaves FROM p.ord * 98 + 1 FOR 98) AS leaf
             FROM ledger.payload p JOIN ledger.batch b USING (batch_id) JOIN ledger.seq s USING (batch_id)
             JOIN ledger.shard h USING (log_id)
             WHERE p.class = ANY($1::smallint[]) AND p.entry_id = ANY($2::uuid[]) AND p.part = 0`,
      values: [CLASS_BYTES, entryIds],
    });
    return rows.map((row) => ({
      entryId: row.entry_id,
      shard: row.shard,
      index: Number(row.index),
      leaf: row.leaf,
    }));
  }
}

/** The C2SP tlog-proof file of a leaf. */
export const tlogProofText = (leaf: Buffer, { index, path, checkpoint }: Omit<EntryProof, 'shard' | 'size'>): string =>
  formatTlogProof({ extra: leaf, index, path: path.map((hash) => Buffer.from(hash, 'base64')), checkpoint });
