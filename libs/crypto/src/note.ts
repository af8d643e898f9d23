import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './base64.js';
import { equalBytes, sha256 } from './hash.js';

/** A key or a signed note is not well-formed, not signed by a known key, or wrongly signed. */
export class NoteError extends Error {
  override readonly name = 'NoteError';
}

/** Signs notes (C2SP signed-note, Ed25519). */
export interface NoteSigner {
  readonly name: string;
  /** The first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key). */
  readonly keyId: Buffer;
  /** The public key as text: `name+hex(keyId)+base64(0x01 ‖ public key)`. */
  readonly vkey: string;
  /** The whole note: `text`, an empty line, one signature line. Throws NoteError when `text` cannot be in a note. */
  sign(text: string): string;
  /** keyId ‖ signature, 68 bytes. */
  signature(text: string): Buffer;
}

/** Checks signatures of one key. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Buffer;
  readonly vkey: string;
  /** Whether `sig` (64 bytes, without key id) signs `text`. */
  verify(text: string, sig: Uint8Array): boolean;
}

/** The most signatures a note may carry. */
const MAX_SIGNATURES = 16;
const SIGNATURE_BYTES = 64;
const ED25519 = Buffer.of(0x01);
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const VALID_NAME = /^[^\p{White_Space}\p{Cc}\p{Surrogate}+]+$/u;
/** Well-formed, and no ASCII control but the newline. */
const VALID_TEXT = /^[\n\x20-\u{d7ff}\u{e000}-\u{10ffff}]*$/u;
const SIGNING_KEY = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/;
const VERIFIER_KEY = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/;

/** The secret key as text, `PRIVATE+KEY+name+hex(keyId)+base64(0x01 ‖ seed)`, from 32 random bytes. */
export function generateSignerKey(name: string, seed: Uint8Array): string {
  if (seed.length !== 32) throw new NoteError('a signing key is made from a seed of 32 bytes');
  const id = keyIdOf(validName(name), publicBytes(privateKey(seed)));
  return `PRIVATE+KEY+${name}+${id.toString('hex')}+${Buffer.concat([ED25519, seed]).toString('base64')}`;
}

/** Throws NoteError when `skey` is not a key that `generateSignerKey` makes; the message never holds the key. */
export function noteSigner(skey: string): NoteSigner {
  const { name, id, key: seed } = parseKey(SIGNING_KEY, skey, 'signing key');
  const secret = privateKey(seed);
  const pub = publicBytes(secret);
  const keyId = keyIdOf(name, pub);
  if (!keyId.equals(id)) throw new NoteError('signing key: its id does not belong to its name and key');
  const signature = (text: string): Buffer => Buffer.concat([keyId, sign(null, Buffer.from(text), secret)]);
  return {
    name,
    keyId,
    vkey: `${name}+${keyId.toString('hex')}+${Buffer.concat([ED25519, pub]).toString('base64')}`,
    signature,
    sign: (text) => `${validText(text)}\n\u2014 ${name} ${signature(text).toString('base64')}\n`,
  };
}

/** Throws NoteError when `vkey` is not an Ed25519 verifier key whose id belongs to its name and key. */
export function noteVerifier(vkey: string): NoteVerifier {
  const { name, id: keyId, key: pub } = parseKey(VERIFIER_KEY, vkey, 'verifier key');
  if (!keyId.equals(keyIdOf(name, pub)))
    throw new NoteError('verifier key: its id does not belong to its name and key');
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, pub]), format: 'der', type: 'spki' });
  return {
    name,
    keyId,
    vkey,
    verify: (text, sig) => sig.length === SIGNATURE_BYTES && verify(null, Buffer.from(text), key, sig),
  };
}

/** A note whose signatures by known keys all hold. */
export interface OpenedNote {
  /** The signed text, with its final newline. */
  readonly text: string;
  /** Those of the given verifiers that signed it, at least one, in the note's order. */
  readonly signers: readonly NoteVerifier[];
}

/**
 * Takes a note apart and checks it. Signatures by keys that are not given are ignored; a wrong signature by a given key
 * refuses the whole note. Throws NoteError: malformed, no known key signed it, or a signature is wrong.
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): OpenedNote {
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw new NoteError('malformed note: no empty line before the signatures');
  const text = validText(note.slice(0, split + 1));
  const signers = new Set<NoteVerifier>();
  for (const { name, keyId, sig } of signatureLines(validText(note.slice(split + 2)))) {
    const verifier = verifiers.find((known) => known.name === name && equalBytes(known.keyId, keyId));
    if (verifier === undefined) continue;
    if (!verifier.verify(text, sig)) throw new NoteError(`bad signature by ${name}`);
    signers.add(verifier);
  }
  if (signers.size === 0) throw new NoteError('no known key signed this note');
  return { text, signers: [...signers] };
}

interface SignatureLine {
  readonly name: string;
  readonly keyId: Buffer;
  readonly sig: Buffer;
}

function signatureLines(block: string): SignatureLine[] {
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new NoteError(`malformed note: more than ${MAX_SIGNATURES} signatures`);
  return lines.map((line) => {
    const [dash, name = '', encoded = '', ...rest] = line.split(' ');
    const bytes = decodeBase64(encoded);
    if (dash !== '\u2014' || rest.length > 0 || !VALID_NAME.test(name) || bytes === null || bytes.length < 5) {
      throw new NoteError('malformed note: a signature line is not "— name base64"');
    }
    return { name, keyId: bytes.subarray(0, 4), sig: bytes.subarray(4) };
  });
}

function parseKey(form: RegExp, text: string, what: string): { name: string; id: Buffer; key: Buffer } {
  const [, name = '', id = '', encoded = ''] = form.exec(text) ?? [];
  const bytes = decodeBase64(encoded);
  if (bytes === null || bytes.length !== 33 || bytes[0] !== ED25519[0]) {
    throw new NoteError(`${what}: not name+id+base64 of an Ed25519 key`);
  }
  return { name: validName(name), id: Buffer.from(id, 'hex'), key: bytes.subarray(1) };
}

function validName(name: string): string {
  if (!VALID_NAME.test(name)) throw new NoteError('a key name is not empty and holds no spaces, controls or "+"');
  return name;
}

function validText(text: string): string {
  if (!text.endsWith('\n')) throw new NoteError('malformed note: no newline at the end');
  if (!VALID_TEXT.test(text)) throw new NoteError('malformed note: control characters or invalid text');
  return text;
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

function publicBytes(secret: KeyObject): Buffer {
  return createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

function keyIdOf(name: string, pub: Uint8Array): Buffer {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), ED25519, pub])).subarray(0, 4);
}
