import { type Opening } from './receipt.js';

/** First member of an export's first line. docs/api/export.md describes the format. */
export const EXPORT_FORMAT = 'lexecon-export/1';

/** First line: what is exported, and what leads from it to a signed checkpoint. Hashes are base64. */
export interface ExportHeader {
  readonly format: typeof EXPORT_FORMAT;
  readonly origin: string;
  /** `2026h2` */
  readonly shard: string;
  /** The entries `from` up to, not including, `to`. */
  readonly from: number;
  readonly to: number;
  /** Every key the deployment published, active or retired. To be trusted only when known from elsewhere. */
  readonly keys: readonly string[];
  /** Signed note over at least `to` entries. */
  readonly checkpoint: string;
  /** Roots of the largest whole subtrees over the entries before `from`, left to right. */
  readonly left: readonly string[];
  /** Consistency proof from the first `to` entries to the checkpoint. */
  readonly right: readonly string[];
}

/** Then, for each batch that has entries in the range, this line and those entries. */
export interface ExportBatch {
  readonly batch: string;
  /** Place in the log of the batch's first entry, which may be before `from`. */
  readonly index: number;
  readonly count: number;
  /** Unix milliseconds at which it was signed. */
  readonly time: number;
  /** Key id and signature of the batch's receipt note, 68 bytes. */
  readonly signature: string;
  /** Leaf hashes of its entries before `from`. */
  readonly before: readonly string[];
  /** Leaf hashes of its entries from `to` on. */
  readonly after: readonly string[];
}

/** One entry; `opening` is null when its payload is no longer kept. */
export interface ExportEntry {
  readonly index: number;
  readonly leaf: string;
  readonly opening: Opening | null;
}
