export { type CheckedEntry, entryFault } from './check-entry.js';
export {
  type Body,
  decodeBody,
  encodeBody,
  fieldsRoot,
  openGroup,
  publicCommitments,
  type Random,
  type SealedEntry,
  sealEntry,
} from './commitment.js';
export {
  CLASS_BYTES,
  type Entry,
  type EntryKind,
  kindBytes,
  type KindName,
  type Persistence,
  type Query,
  type RetentionClass,
  retentionClasses,
  mayBePruned,
  type SealedGroup,
  type SubjectKey,
} from './entry.js';
export { classOf, decodeLeaf, encodeLeaf, type Leaf, LEAF_BYTES, LeafError, tenantOf } from './leaf.js';
export type { EntryProof } from './entry-proof.js';
export { EXPORT_FORMAT, type ExportBatch, type ExportEntry, type ExportHeader } from './export-format.js';
export { type ExportFile, TreeFiles } from './export-layout.js';
export {
  batchNote,
  type BatchPromise,
  batchText,
  bytesOf,
  bytesOfUuid,
  MAXIMUM_MERGE_DELAY_MS,
  openLeaf,
  type Opening,
  openReceipt,
  type Receipt,
  ReceiptError,
  receiptKeyName,
  signBatch,
  uuidOf,
} from './receipt.js';
export { consistencyPath, inclusionPath } from './proofs.js';
export { TileSet } from './tiles.js';
