import { crc32 } from 'node:zlib';
import { base62OfUint32, randomBase62 } from './base62.js';

/** `lxk_<environment>_<id><secret><checksum>`: the checksum lets scanners and typing mistakes be told without a database. */
export interface ApiKeyParts {
  /** Up to 16 lower-case letters, digits and hyphens, beginning with a letter: which deployment the key belongs to. */
  readonly environment: string;
  /** 12 base62 characters; public, it names the key. */
  readonly id: string;
  /** 43 base62 characters (256 bits). */
  readonly secret: string;
}

export const ENVIRONMENT = /^[a-z][a-z0-9-]{0,15}$/;
export const KEY_ID = /^[0-9A-Za-z]{12}$/;
const TOKEN = /^lxk_([a-z][a-z0-9-]{0,15})_([0-9A-Za-z]{12})([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

export function formatApiKey({ environment, id, secret }: ApiKeyParts): string {
  const body = `lxk_${environment}_${id}${secret}`;
  return body + checksumOf(body);
}

/** The parts of a well-formed key; null when the text is not one or its checksum does not fit. */
export function parseApiKey(token: string): ApiKeyParts | null {
  const [, environment, id, secret, checksum] = TOKEN.exec(token) ?? [];
  if (!environment || !id || !secret || !checksum) return null;
  return checksum === checksumOf(token.slice(0, -checksum.length)) ? { environment, id, secret } : null;
}

export const freshApiKey = (environment: string): ApiKeyParts => ({
  environment,
  id: randomBase62(12),
  secret: randomBase62(43),
});

const checksumOf = (body: string): string => base62OfUint32(crc32(body));
