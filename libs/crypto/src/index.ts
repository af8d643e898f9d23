export { canonicalJson, type Json } from './canonical-json.js';
export {
  CheckpointError,
  formatCheckpoint,
  formatConsistency,
  formatTlogProof,
  parseCheckpoint,
  parseConsistency,
  parseTlogProof,
  type Checkpoint,
  type ConsistencyProof,
  type TlogProof,
} from './checkpoint.js';
export { CompactRange, type OnNode } from './compact-range.js';
export { decrypt, encrypt, EnvelopeError } from './envelope.js';
export { equalBytes, hmacSha256, hmacSha512, sha256 } from './hash.js';
export {
  EMPTY_ROOT,
  leafHash,
  merkleBatch,
  merkleRoot,
  nodeHash,
  rootFromInclusion,
  verifyConsistency,
  verifyInclusion,
  type Consistency,
  type Inclusion,
} from './merkle.js';
export {
  generateSignerKey,
  NoteError,
  noteSigner,
  noteVerifier,
  openNote,
  type NoteSigner,
  type NoteVerifier,
  type OpenedNote,
} from './note.js';
