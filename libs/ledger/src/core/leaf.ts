import { hmacSha256 } from '@lexecon/crypto';
import { kindBytes, type KindName, type RetentionClass, retentionClasses } from './entry.js';

/** Bytes of one leaf. Big-endian: magic 4, kind 1, class 1, time 8, entry id 16, tenant 16, ref 16, n 2, fields 32, schema 2. */
export const LEAF_BYTES = 98;
const MAGIC = Buffer.from('LXL1');
const SCHEMA = 1;
const NO_REF = Buffer.alloc(16);

export interface Leaf {
  readonly kind: KindName;
  readonly class: RetentionClass;
  /** Unix milliseconds. */
  readonly timeMs: number;
  readonly entryId: Buffer;
  /** Names the deployment: HMAC over the log's origin, cut to 16 bytes. */
  readonly tenant: Buffer;
  /** The entry this one is about; null when it is about none. */
  readonly ref: Buffer | null;
  /** How many fields are committed to. */
  readonly count: number;
  /** SHA-256 over the commitments. */
  readonly fields: Buffer;
  readonly schema: number;
}

export class LeafError extends Error {}

export function encodeLeaf(leaf: Omit<Leaf, 'schema'>): Buffer {
  const bytes = Buffer.allocUnsafe(LEAF_BYTES);
  MAGIC.copy(bytes, 0);
  bytes[4] = kindBytes[leaf.kind];
  bytes[5] = retentionClasses[leaf.class].byte;
  bytes.writeUInt16BE(0, 6);
  bytes.writeUIntBE(leaf.timeMs, 8, 6);
  leaf.entryId.copy(bytes, 14);
  leaf.tenant.copy(bytes, 30);
  (leaf.ref ?? NO_REF).copy(bytes, 46);
  bytes.writeUInt16BE(leaf.count, 62);
  leaf.fields.copy(bytes, 64);
  bytes.writeUInt16BE(SCHEMA, 96);
  return bytes;
}

/** Throws LeafError naming what is wrong. */
export function decodeLeaf(bytes: Buffer): Leaf {
  if (bytes.length !== LEAF_BYTES)
    throw new LeafError(`a leaf has ${String(LEAF_BYTES)} bytes, not ${String(bytes.length)}`);
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw new LeafError('the leaf does not start with LXL1');
  const schema = bytes.readUInt16BE(96);
  if (schema !== SCHEMA) throw new LeafError(`leaf schema ${String(schema)} is unknown`);
  const ref = bytes.subarray(46, 62);
  return {
    kind: nameOf(kindBytes, bytes.readUInt8(4), 'kind'),
    class: classOf(bytes.readUInt8(5)),
    timeMs: Number(bytes.readBigUInt64BE(6)),
    entryId: bytes.subarray(14, 30),
    tenant: bytes.subarray(30, 46),
    ref: ref.equals(NO_REF) ? null : ref,
    count: bytes.readUInt16BE(62),
    fields: bytes.subarray(64, 96),
    schema,
  };
}

function nameOf<Name extends string>(table: Readonly<Record<Name, number>>, byte: number, what: string): Name {
  for (const name in table) if (table[name] === byte) return name;
  throw new LeafError(`${what} byte ${String(byte)} is unknown`);
}

export function classOf(byte: number): RetentionClass {
  for (const name of Object.keys(retentionClasses) as RetentionClass[])
    if (retentionClasses[name].byte === byte) return name;
  throw new LeafError(`class byte ${String(byte)} is unknown`);
}

/** What names a deployment in its leaves, 16 bytes: a log's name is public, so this is a label, not a secret. */
export const tenantOf = (origin: string): Buffer =>
  hmacSha256(Buffer.from('lexecon/v1/tenant'), origin).subarray(0, 16);
