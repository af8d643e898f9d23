import { canonicalJson, decrypt, encrypt, hmacSha512, type Json, sha256 } from '@lexecon/crypto';
import type { Entry, SealedGroup } from './entry.js';

/** Bytes of the random seed that salts an entry's public fields. */
const SEED_BYTES = 32;
const IV_BYTES = 12;
const HASH_BYTES = 32;
const RECORD_LABEL = Buffer.from('lexecon/v1/rec');

/** One entry, committed and encrypted: what the payload rows hold. */
export interface SealedEntry {
  readonly publicJson: string;
  readonly seed: Buffer;
  /** One 32-byte commitment a field: public fields by name, then each group's fields by name. */
  readonly commitments: readonly Buffer[];
  /** SHA-256(0x02 ‖ u16 n ‖ C_1 ‖ … ‖ C_n). */
  readonly fields: Buffer;
  /** One ciphertext a person: iv ‖ AES-256-GCM ‖ tag. */
  readonly groups: readonly { readonly keyId: string; readonly ciphertext: Buffer }[];
}

export type Random = (bytes: number) => Buffer;

/** Commits to every field with a salt of its own and encrypts each person's fields under a key derived from that person's key.
 *  Pure but for `random`, which must give unpredictable bytes. */
export function sealEntry(entry: Entry, random: Random): SealedEntry {
  const seed = random(SEED_BYTES);
  const open = membersOf(entry.public);
  const commitments = open.map(({ name, json }, i) => commit(saltOf(seed, i), name, json));
  const groups = entry.sealed.map((group, g) => {
    const keys = keysOf(group.key.key, entry.entryId);
    const members = membersOf(group.fields);
    for (const { name, json } of members)
      commitments.push(commit(saltOf(keys.salt, commitments.length), sealedName(g, name), json));
    const ciphertext = encrypt(keys.encryption, random(IV_BYTES), entry.entryId, objectOf(members));
    return { keyId: group.key.id, ciphertext };
  });
  return { publicJson: objectOf(open), seed, commitments, fields: fieldsRoot(commitments), groups };
}

interface Member {
  readonly name: string;
  readonly json: string;
}

/** Members by name, each in canonical JSON. */
const membersOf = (fields: Readonly<Record<string, Json>>): readonly Member[] =>
  Object.keys(fields)
    .sort()
    .map((name) => ({ name, json: canonicalJson(fields[name] ?? null) }));

/** Canonical JSON of an object whose members are at hand. */
const objectOf = (members: readonly Member[]): string =>
  `{${members.map(({ name, json }) => `${JSON.stringify(name)}:${json}`).join(',')}}`;

/** Reads one person's fields back and checks them against the commitments; throws when the key is another or a bit differs. */
export function openGroup(
  { entryId, ciphertext, key }: { readonly entryId: Buffer; readonly ciphertext: Buffer; readonly key: Buffer },
  group: number,
  commitments: readonly Buffer[],
): SealedGroup['fields'] {
  const keys = keysOf(key, entryId);
  const fields = JSON.parse(decrypt(keys.encryption, entryId, ciphertext).toString()) as Record<string, Json>;
  for (const name of Object.keys(fields)) {
    const json = canonicalJson(fields[name] ?? null);
    const stands = commitments.some((c, i) => c.equals(commit(saltOf(keys.salt, i), sealedName(group, name), json)));
    if (!stands) throw new Error(`sealed field ${sealedName(group, name)} does not match its commitment`);
  }
  return fields;
}

/** Commitments of public fields, by name, as an auditor recomputes them from an opening. */
export function publicCommitments(seed: Buffer, fields: Readonly<Record<string, Json>>): Buffer[] {
  return membersOf(fields).map(({ name, json }, i) => commit(saltOf(seed, i), name, json));
}

export function fieldsRoot(commitments: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafe(3 + HASH_BYTES * commitments.length);
  bytes[0] = 2;
  bytes.writeUInt16BE(commitments.length, 1);
  commitments.forEach((commitment, i) => commitment.copy(bytes, 3 + HASH_BYTES * i));
  return sha256(bytes);
}

/** Payload body: u32 length ‖ public JSON ‖ seed ‖ C_1 ‖ … ‖ C_n. */
export function encodeBody(sealed: SealedEntry): Buffer {
  const length = Buffer.byteLength(sealed.publicJson);
  const bytes = Buffer.allocUnsafe(4 + length + SEED_BYTES + HASH_BYTES * sealed.commitments.length);
  bytes.writeUInt32BE(length, 0);
  bytes.write(sealed.publicJson, 4);
  sealed.seed.copy(bytes, 4 + length);
  sealed.commitments.forEach((commitment, i) => commitment.copy(bytes, 4 + length + SEED_BYTES + HASH_BYTES * i));
  return bytes;
}

export interface Body {
  readonly publicJson: string;
  readonly seed: Buffer;
  readonly commitments: readonly Buffer[];
}

/** Throws RangeError when the bytes are no body. */
export function decodeBody(bytes: Buffer): Body {
  const length = bytes.readUInt32BE(0);
  const hashes = bytes.subarray(4 + length + SEED_BYTES);
  if (4 + length + SEED_BYTES > bytes.length || hashes.length % HASH_BYTES !== 0)
    throw new RangeError('malformed payload');
  return {
    publicJson: bytes.toString('utf8', 4, 4 + length),
    seed: bytes.subarray(4 + length, 4 + length + SEED_BYTES),
    commitments: Array.from({ length: hashes.length / HASH_BYTES }, (_, i) =>
      hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
    ),
  };
}

const sealedName = (group: number, name: string): string =>
  group === 0 ? `~${name}` : `~subject${String(group)}.${name}`;

function keysOf(subjectKey: Buffer, entryId: Buffer): { readonly encryption: Buffer; readonly salt: Buffer } {
  const derived = hmacSha512(subjectKey, Buffer.concat([RECORD_LABEL, entryId]));
  return { encryption: derived.subarray(0, 32), salt: derived.subarray(32) };
}

let scratch = Buffer.allocUnsafe(64 * 1024);

/** C = SHA-256(0x01 ‖ salt ‖ u16 length ‖ name ‖ u32 length ‖ value). */
function commit(salt: Buffer, name: string, json: string): Buffer {
  const most = 39 + 3 * (name.length + json.length);
  if (most > scratch.length) scratch = Buffer.allocUnsafe(most);
  scratch[0] = 1;
  salt.copy(scratch, 1);
  const nameBytes = scratch.write(name, 35);
  scratch.writeUInt16BE(nameBytes, 33);
  const jsonBytes = scratch.write(json, 39 + nameBytes);
  scratch.writeUInt32BE(jsonBytes, 35 + nameBytes);
  return sha256(scratch.subarray(0, 39 + nameBytes + jsonBytes));
}

const saltInput = Buffer.alloc(35);

/** s_i = SHA-256(0x04 ‖ secret ‖ u16 i), i being the field's place among all commitments. */
function saltOf(secret: Buffer, index: number): Buffer {
  saltInput[0] = 4;
  secret.copy(saltInput, 1);
  saltInput.writeUInt16BE(index, 33);
  return sha256(saltInput);
}
