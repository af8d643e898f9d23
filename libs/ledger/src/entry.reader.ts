import { decodeLeaf, LEAF_BYTES, uuidOf } from './core/index.js';
import type { Head } from './head.reader.js';
import type { EntryView } from './ledger.dto.js';
import type { LedgerReader } from './ledger.reader.js';
import type { TileStore } from './tile.store.js';

/** Entries by their place in the log. */
export class EntryReader {
  constructor(
    private readonly tiles: TileStore,
    private readonly reader: LedgerReader,
  ) {}

  /** Null when the published log does not reach so far. */
  async at({ logId, shard, size }: Head, index: number): Promise<EntryView | null> {
    if (index >= size) return null;
    const bytes = (await this.tiles.leaves(logId, index, index + 1)).subarray(0, LEAF_BYTES);
    const leaf = decodeLeaf(bytes);
    const stored = await this.reader.read(uuidOf(leaf.entryId));
    return {
      shard,
      index,
      leaf: bytes.toString('base64'),
      decoded: {
        kind: leaf.kind,
        class: leaf.class,
        time: new Date(leaf.timeMs).toISOString(),
        entry: uuidOf(leaf.entryId),
        ref: leaf.ref && uuidOf(leaf.ref),
        fields: leaf.count,
        schema: leaf.schema,
      },
      public: stored?.receipt.opening.public ?? null,
      receipt: stored?.receipt ?? null,
    };
  }
}
