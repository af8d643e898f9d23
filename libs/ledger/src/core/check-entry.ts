import { canonicalJson, type Json } from '@lexecon/crypto';
import { decodeBody, fieldsRoot, publicCommitments } from './commitment.js';
import { mayBePruned } from './entry.js';
import { decodeLeaf, type Leaf, LeafError, tenantOf } from './leaf.js';

/** A stored entry: its leaf, and the public part of its payload, null when that is gone. */
export interface CheckedEntry {
  readonly leaf: Buffer;
  readonly body: Buffer | null;
}

/** What is wrong with an entry of the log `origin`, or null: the leaf itself, a payload that is gone too early, or one that the leaf
 *  does not commit to. */
export function entryFault({ leaf: bytes, body }: CheckedEntry, origin: string, nowMs: number): string | null {
  const leaf = leafOf(bytes);
  if (typeof leaf === 'string') return leaf;
  if (!leaf.tenant.equals(tenantOf(origin))) return `the leaf is of another log than ${origin}`;
  if (body !== null) return matches(body, leaf) ? null : 'the payload is not what the leaf commits to';
  return mayBePruned(leaf.class, leaf.timeMs, nowMs) ? null : 'the payload is missing, though it must still be kept';
}

function leafOf(bytes: Buffer): Leaf | string {
  try {
    return decodeLeaf(bytes);
  } catch (error) {
    if (error instanceof LeafError) return error.message;
    throw error;
  }
}

/** Whether a body opens the leaf, byte for byte: the public JSON must be the canonical one. */
function matches(bytes: Buffer, leaf: Leaf): boolean {
  try {
    const { publicJson, seed, commitments } = decodeBody(bytes);
    const fields = JSON.parse(publicJson) as Record<string, Json>;
    const open = publicCommitments(seed, fields);
    return (
      canonicalJson(fields) === publicJson &&
      Buffer.from(publicJson).equals(bytes.subarray(4, 4 + bytes.readUInt32BE(0))) &&
      commitments.length === leaf.count &&
      open.every((commitment, i) => commitments[i]?.equals(commitment) === true) &&
      fieldsRoot(commitments).equals(leaf.fields)
    );
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}
