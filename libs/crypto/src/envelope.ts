import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';

/** Sealed bytes cannot be opened: wrong key, wrong associated data, or altered. Which of them is not told. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM: iv[12] ‖ ciphertext ‖ tag[16]. `aad` is bound to the result without being in it. The caller gives an
 * `iv` of 12 bytes that it never uses twice with one key. Throws EnvelopeError for a key or an iv of another length.
 */
export function encrypt(key: Buffer, iv: Buffer, aad: Buffer, plaintext: Buffer | string): Buffer {
  if (key.length !== KEY_BYTES) throw new EnvelopeError(`the key has ${KEY_BYTES} bytes`);
  if (iv.length !== IV_BYTES) throw new EnvelopeError(`the iv has ${IV_BYTES} bytes`);
  const cipher = createCipheriv(CIPHER, secretOf(key), iv, { authTagLength: TAG_BYTES }).setAAD(aad);
  const body = typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext);
  return Buffer.concat([iv, body, cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `encrypt` sealed under the same key and `aad`. Throws EnvelopeError otherwise. */
export function decrypt(key: Buffer, aad: Buffer, sealed: Buffer): Buffer {
  if (key.length !== KEY_BYTES) throw new EnvelopeError(`the key has ${KEY_BYTES} bytes`);
  if (sealed.length < IV_BYTES + TAG_BYTES) throw new EnvelopeError('too short to be sealed');
  const decipher = createDecipheriv(CIPHER, secretOf(key), sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad).setAuthTag(sealed.subarray(-TAG_BYTES));
  const body = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([body, decipher.final()]);
  } catch {
    throw new EnvelopeError('not sealed with this key for this place, or altered');
  }
}

/** Node takes three times as long to find out that plain bytes are no key object. */
const secretOf = (key: Buffer): KeyObject => createSecretKey(key);
