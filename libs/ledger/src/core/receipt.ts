import { type Json, leafHash, type NoteSigner, type NoteVerifier, openNote, rootFromInclusion } from '@lexecon/crypto';
import { fieldsRoot, publicCommitments } from './commitment.js';
import type { EntryProof } from './entry-proof.js';
import { decodeLeaf, type Leaf } from './leaf.js';

/** Milliseconds after which an acknowledged entry must be under a published checkpoint. */
export const MAXIMUM_MERGE_DELAY_MS = 10_000;
const HEADER = 'receipt/v1';

/** What opens the public fields of a leaf and proves that nothing was left out. */
export interface Opening {
  readonly schema: number;
  /** base64, 32 bytes. */
  readonly seed: string;
  readonly public: Readonly<Record<string, Json>>;
  /** base64, 32 bytes each: the commitments of the sealed fields, in order. */
  readonly commitments: readonly string[];
}

/** Promise that a leaf is in the log, given when its batch was durable. Byte strings are base64. */
export interface Receipt {
  readonly log: string;
  readonly entry: string;
  readonly leaf: string;
  readonly opening: Opening;
  readonly batch: string;
  /** Place in the batch, from 0. */
  readonly position: number;
  readonly path: readonly string[];
  /** Signed note over the batch. */
  readonly note: string;
  /** Place in the log; null until it was sequenced. */
  readonly index: number | null;
  /** What proves that place, where it was asked for. */
  readonly proof?: EntryProof;
}

export interface BatchPromise {
  readonly origin: string;
  readonly batch: string;
  readonly count: number;
  readonly root: Buffer;
  /** Unix milliseconds at which the batch was signed. */
  readonly timeMs: number;
}

export function batchText({ origin, batch, count, root, timeMs }: BatchPromise): string {
  return `${origin}/${HEADER}\nbatch ${batch} ${String(count)}\nroot ${root.toString('base64')}\ntime ${String(timeMs)}\nmmd ${String(MAXIMUM_MERGE_DELAY_MS)}\n`;
}

/** The note of a batch from its stored signature (keyId ‖ Ed25519, 68 bytes). */
export function batchNote(promise: BatchPromise, keyName: string, signature: Buffer): string {
  return `${batchText(promise)}\n— ${keyName} ${signature.toString('base64')}\n`;
}

export const receiptKeyName = (origin: string): string => `${origin}/receipt`;

export const signBatch = (promise: BatchPromise, signer: NoteSigner): Buffer => signer.signature(batchText(promise));

export class ReceiptError extends Error {}

/** The leaf and public fields that a receipt proves, in four steps: opening, leaf, path, signature. Throws ReceiptError naming
 *  the first thing that is wrong. */
export function openReceipt(receipt: Receipt, verifiers: readonly NoteVerifier[]): Leaf {
  const leaf = openLeaf(bytesOf(receipt.leaf, 'leaf'), receipt.opening);
  if (uuidOf(leaf.entryId) !== receipt.entry) throw new ReceiptError('entry is not the id in the leaf');
  const promise = signedPromise(receipt, verifiers);
  const root = rootFromInclusion({
    leafHash: leafHash(bytesOf(receipt.leaf, 'leaf')),
    index: receipt.position,
    size: promise.count,
    path: receipt.path.map((hash) => bytesOf(hash, 'path')),
  });
  if (!root?.equals(promise.root))
    throw new ReceiptError('the path does not lead from the leaf to the signed batch root');
  if (promise.batch !== receipt.batch) throw new ReceiptError('batch is not the one that was signed');
  if (promise.origin !== receipt.log) throw new ReceiptError('log is not the one that was signed');
  return leaf;
}

/** The leaf that these bytes are, once the opening was found to match it. Throws ReceiptError, LeafError. */
export function openLeaf(bytes: Buffer, opening: Opening): Leaf {
  const leaf = decodeLeaf(bytes);
  if (opening.schema !== leaf.schema) throw new ReceiptError('opening.schema is not the schema of the leaf');
  const commitments = [
    ...publicCommitments(bytesOf32(opening.seed, 'opening.seed'), opening.public),
    ...opening.commitments.map((c) => bytesOf32(c, 'opening.commitments')),
  ];
  if (commitments.length !== leaf.count || !fieldsRoot(commitments).equals(leaf.fields))
    throw new ReceiptError('the opening does not match the leaf: a public field was changed, added or left out');
  return leaf;
}

function signedPromise(receipt: Receipt, verifiers: readonly NoteVerifier[]): BatchPromise {
  const { text, signers } = openNote(receipt.note, verifiers);
  const match =
    /^(.+)\/receipt\/v1\nbatch ([0-9a-f-]{36}) ([1-9]\d{0,3})\nroot ([A-Za-z0-9+/=]{44})\ntime (\d{1,15})\nmmd (\d{1,9})\n$/.exec(
      text,
    );
  if (!match) throw new ReceiptError('the note is not a receipt');
  const [, origin = '', batch = '', count, root = '', time] = match;
  if (!signers.some((signer) => signer.name === receiptKeyName(origin)))
    throw new ReceiptError(`the note is not signed by ${receiptKeyName(origin)}`);
  return { origin, batch, count: Number(count), root: bytesOf(root, 'root'), timeMs: Number(time) };
}

/** Throws ReceiptError unless `text` is exactly how its bytes are written in base64. */
export function bytesOf(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new ReceiptError(`${what} is not canonical base64`);
  return bytes;
}

/** One byte more would be overwritten by what follows it, and so prove nothing. */
function bytesOf32(text: string, what: string): Buffer {
  const bytes = bytesOf(text, what);
  if (bytes.length !== 32) throw new ReceiptError(`${what} has ${String(bytes.length)} bytes, not 32`);
  return bytes;
}

export function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const bytesOfUuid = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
