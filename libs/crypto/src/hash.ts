import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of bytes, or of text as UTF-8: 32 bytes. */
export function sha256(data: Uint8Array | string): Buffer {
  return hash('sha256', data, 'buffer');
}

/** HMAC-SHA-256: 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

/** HMAC-SHA-512: 64 bytes. */
export function hmacSha512(key: Uint8Array, data: Uint8Array | string): Buffer {
  return createHmac('sha512', key).update(data).digest();
}

/** Whether two byte strings are equal, in time that depends on their lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
