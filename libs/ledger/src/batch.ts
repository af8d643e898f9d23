import { leafHash, merkleBatch, type NoteSigner } from '@lexecon/crypto';
import { byteaArray, smallintArray, uuidArray } from './binary-array.js';
import {
  batchNote,
  type BatchPromise,
  bytesOfUuid,
  encodeBody,
  encodeLeaf,
  type Entry,
  type EntryKind,
  type Random,
  type Receipt,
  retentionClasses,
  type SealedEntry,
  sealEntry,
  signBatch,
  uuidOf,
} from './core/index.js';

/** A record with its leaf, ready for any batch. */
export interface Prepared<T = unknown> {
  readonly kind: EntryKind<T>;
  readonly record: T;
  readonly entry: Entry;
  readonly sealed: SealedEntry;
  readonly leaf: Buffer;
}

export function prepare<T>(kind: EntryKind<T>, record: T, tenant: Buffer, random: Random): Prepared<T> {
  const entry = kind.encode(record);
  const sealed = sealEntry(entry, random);
  const leaf = encodeLeaf({
    kind: kind.name,
    class: entry.class,
    timeMs: entry.timeMs,
    entryId: entry.entryId,
    tenant,
    ref: entry.ref ?? null,
    count: sealed.commitments.length,
    fields: sealed.fields,
  });
  return { kind, record, entry, sealed, leaf };
}

/** What `ledger.append_batch` needs for the leaves and payloads of one batch, and what its receipts are made of. */
export interface SignedBatch {
  readonly promise: BatchPromise;
  readonly signature: Buffer;
  readonly paths: readonly (readonly Buffer[])[];
  readonly note: string;
}

export function signedBatch(
  batch: string,
  timeMs: number,
  leaves: readonly Buffer[],
  origin: string,
  signer: NoteSigner,
): SignedBatch {
  const { root, paths } = merkleBatch(leaves.map(leafHash));
  const promise = { origin, batch, count: leaves.length, root, timeMs };
  const signature = signBatch(promise, signer);
  return { promise, signature, paths, note: batchNote(promise, signer.name, signature) };
}

export const APPEND_CALL = 'ledger.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)';

/** Superseded epochs are refused by the statement; administrative changes carry none. */
export interface Freshness {
  readonly kill: number;
  readonly policy: number;
}

/** Of what no epoch makes stale: a login, a read. */
export const TIMELESS: Freshness = { kill: Number.MAX_SAFE_INTEGER, policy: Number.MAX_SAFE_INTEGER };

/** The thirteen parameters of APPEND_CALL. */
export function appendValues(
  prepared: readonly Prepared[],
  { promise, signature }: SignedBatch,
  freshness: Freshness | null,
): unknown[] {
  const rows = prepared.flatMap(payloadRows);
  return [
    bytesOfUuid(promise.batch),
    String(promise.timeMs),
    signature,
    freshness?.kill ?? null,
    freshness?.policy ?? null,
    smallintArray(rows.map((row) => row.class)),
    uuidArray(rows.map((row) => row.entryId)),
    smallintArray(rows.map((row) => row.part)),
    smallintArray(rows.map((row) => row.position)),
    byteaArray(rows.map((row) => row.body)),
    byteaArray(rows.map((row) => row.ciphertext)),
    uuidArray(rows.map((row) => row.keyId)),
    Buffer.concat(prepared.map((one) => one.leaf)),
  ];
}

interface PayloadRow {
  readonly class: number;
  readonly entryId: Buffer;
  readonly part: number;
  readonly position: number;
  readonly body: Buffer | null;
  readonly ciphertext: Buffer | null;
  readonly keyId: Buffer | null;
}

/** Part 0 holds the body and the first person's ciphertext, part k the ciphertext of person k. */
function payloadRows({ entry, sealed }: Prepared, position: number): PayloadRow[] {
  const common = { class: retentionClasses[entry.class].byte, entryId: entry.entryId, position };
  const [first, ...others] = sealed.groups.map(({ keyId, ciphertext }) => ({ keyId: bytesOfUuid(keyId), ciphertext }));
  return [
    {
      ...common,
      part: 0,
      body: encodeBody(sealed),
      ciphertext: first?.ciphertext ?? null,
      keyId: first?.keyId ?? null,
    },
    ...others.map((other, i) => ({ ...common, part: i + 1, body: null, ...other })),
  ];
}

export function receiptOf(one: Prepared, position: number, batch: SignedBatch): Receipt {
  const { sealed } = one;
  const publicCount = sealed.commitments.length - sealedCount(one.entry);
  return {
    log: batch.promise.origin,
    entry: uuidOf(one.entry.entryId),
    leaf: one.leaf.toString('base64'),
    opening: {
      schema: 1,
      seed: sealed.seed.toString('base64'),
      public: one.entry.public,
      commitments: sealed.commitments.slice(publicCount).map((commitment) => commitment.toString('base64')),
    },
    batch: batch.promise.batch,
    position,
    path: (batch.paths[position] ?? []).map((hash) => hash.toString('base64')),
    note: batch.note,
    index: null,
  };
}

const sealedCount = (entry: Entry): number =>
  entry.sealed.reduce((sum, group) => sum + Object.keys(group.fields).length, 0);
