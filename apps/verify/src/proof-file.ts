import {
  CheckpointError,
  leafHash,
  type NoteVerifier,
  parseTlogProof,
  type TlogProof,
  verifyInclusion,
} from '@lexecon/crypto';
import { decodeLeaf, type Leaf, LeafError, uuidOf } from '@lexecon/ledger/core';
import { openCheckpoint } from './checkpoint.js';
import { Invalid } from './verdict.js';

/** Whether a C2SP tlog-proof file proves the leaf that it carries. Throws Invalid, Undecided. */
export function verifyProofFile(text: string, verifiers: readonly NoteVerifier[]): string {
  const { proof, leaf } = read(text);
  const { origin, size, root } = openCheckpoint(proof.checkpoint, verifiers, 'the checkpoint');
  if (!verifyInclusion({ leafHash: leafHash(proof.extra), index: proof.index, size, path: proof.path, root }))
    throw new Invalid('the path does not lead from the leaf to the checkpoint');
  const time = new Date(leaf.timeMs).toISOString();
  return `${leaf.kind} ${uuidOf(leaf.entryId)} of ${time} is entry ${String(proof.index)} of ${origin}, under its checkpoint of size ${String(size)}`;
}

function read(text: string): { readonly proof: TlogProof; readonly leaf: Leaf } {
  try {
    const proof = parseTlogProof(text);
    return { proof, leaf: decodeLeaf(proof.extra) };
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof LeafError) throw new Invalid(error.message);
    throw error;
  }
}
