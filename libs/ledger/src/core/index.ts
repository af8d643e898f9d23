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
  type Entry,
  type EntryKind,
  kindBytes,
  type KindName,
  type Persistence,
  type Query,
  type RetentionClass,
  retentionClasses,
  type SealedGroup,
  type SubjectKey,
} from './entry.js';
export { classOf, decodeLeaf, encodeLeaf, type Leaf, LEAF_BYTES, LeafError } from './leaf.js';
export {
  batchNote,
  type BatchPromise,
  batchText,
  bytesOfUuid,
  MAXIMUM_MERGE_DELAY_MS,
  type Opening,
  openReceipt,
  type Receipt,
  ReceiptError,
  receiptKeyName,
  signBatch,
  uuidOf,
} from './receipt.js';
