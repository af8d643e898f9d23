import { leafHash, type NoteVerifier } from '@lexecon/crypto';
import { LEAF_BYTES, uuidOf } from '@lexecon/ledger/core';
import type { Outcome } from '@lexecon/policy/core';
import type { Answered } from './journal.js';
import type { Outage } from './outages.js';

export interface Batch {
  readonly id: string;
  readonly n: number;
  readonly signedAt: number;
  readonly signature: Buffer;
  readonly leaves: Buffer;
}

export interface Sequenced {
  readonly base: number;
  readonly n: number;
  readonly batch: string;
}

export interface Head {
  readonly size: number;
  readonly previous: number | null;
  readonly root: Buffer;
}

export interface Signature {
  readonly size: number;
  readonly keyName: string;
  readonly signature: Buffer;
}

export interface Tile {
  readonly level: number;
  readonly n: number;
  readonly data: Buffer;
}

/** One stored payload, with what our core makes of it. */
export interface Payload {
  readonly entry: string;
  readonly class: number;
  readonly batch: string;
  readonly ord: number;
  /** SHA-256 over its commitments, as the leaf has it. */
  readonly fields: Buffer;
  /** Whether the public fields open to their commitments. */
  readonly opens: boolean;
  readonly outcome: unknown;
}

export interface DecisionRow {
  readonly id: string;
  readonly outcome: Outcome;
  readonly review: string | null;
}

export interface ReviewRow {
  readonly id: string;
  readonly decision: string;
}

export interface KeyRow {
  readonly decision: string;
  /** Principal and key, hashed. */
  readonly name: string;
}

/** An answer as far as the oracle needs it. Times are microseconds of one monotonic clock. */
export interface Answer {
  readonly key: string;
  readonly sent: number;
  readonly acked: number;
  readonly decisions: readonly (Pick<Answered, 'id' | 'outcome' | 'review'> & { readonly leaf: Buffer })[];
}

/** An entry that a late committer was told is durable. */
export interface LateEntry {
  readonly id: string;
  readonly leaf: Buffer;
  readonly sent: number;
  readonly acked: number;
}

/** An answered decision with the whole receipt. */
export interface ReceiptSample {
  readonly answered: Answered;
  readonly note: string;
}

/** Everything the oracle looks at: what is in the database, what the clients were told, what the guard holds. */
export interface Evidence {
  /** `origin/shard` */
  readonly log: string;
  readonly origin: string;
  readonly logVerifier: NoteVerifier;
  readonly receiptVerifier: NoteVerifier;
  readonly batches: readonly Batch[];
  /** By base index. */
  readonly sequence: readonly Sequenced[];
  /** By size. */
  readonly heads: readonly Head[];
  readonly signatures: readonly Signature[];
  readonly tiles: readonly Tile[];
  readonly payloads: readonly Payload[];
  readonly decisions: readonly DecisionRow[];
  readonly reviews: readonly ReviewRow[];
  readonly keys: readonly KeyRow[];
  readonly answers: readonly Answer[];
  readonly late: readonly LateEntry[];
  /** Entries whose transaction was rolled back by its client. */
  readonly aborted: readonly string[];
  /** Receipts that did not open when the journal was read, and why. */
  readonly badReceipts: readonly string[];
  /** Some receipts, whole, for the controls. */
  readonly receipts: readonly ReceiptSample[];
  /** Answers that were neither a decision nor a proper refusal. */
  readonly strange: readonly string[];
  readonly outages: readonly Outage[];
  /** The guard's checkpoint at the end, and the sizes it held while the faults were injected. */
  readonly guard: string;
  readonly guardSizes: readonly number[];
}

/** The log in the order of its indexes, as its sequence rows put it. */
export interface Log {
  readonly leaves: readonly Buffer[];
  readonly hashes: readonly Buffer[];
  /** Entry id -> index; the last one where an id stands twice. */
  readonly places: ReadonlyMap<string, number>;
}

const logs = new WeakMap<Evidence, Log>();

export function logOf(evidence: Evidence): Log {
  const known = logs.get(evidence);
  if (known) return known;
  const byId = new Map(evidence.batches.map((batch) => [batch.id, batch]));
  const leaves = evidence.sequence.flatMap(({ batch }) => leavesOf(byId.get(batch)?.leaves ?? Buffer.alloc(0)));
  const log = {
    leaves,
    hashes: leaves.map(leafHash),
    places: new Map(leaves.map((leaf, index) => [entryOf(leaf), index])),
  };
  logs.set(evidence, log);
  return log;
}

export const leavesOf = (bytes: Buffer): Buffer[] =>
  Array.from({ length: bytes.length / LEAF_BYTES }, (_, i) => bytes.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES));

/** The entry id inside a leaf. */
export const entryOf = (leaf: Buffer): string => uuidOf(leaf.subarray(14, 30));
