import { randomBytes } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The largest multiple of 62 that a byte can hold: bytes from here on are drawn again, so that every digit is equally likely. */
const FAIR = 248;

/** `length` digits, each with log2(62) = 5.95 bits of randomness. */
export function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) if (byte < FAIR && text.length < length) text += DIGITS.charAt(byte % 62);
  }
  return text;
}

/** A number from 0 to 2^32 - 1 as exactly six digits, the most significant first. */
export function base62OfUint32(value: number): string {
  let text = '';
  for (let rest = value, place = 0; place < 6; place += 1, rest = Math.floor(rest / 62)) {
    text = DIGITS.charAt(rest % 62) + text;
  }
  return text;
}
