import { hash } from 'node:crypto';
import { randomBase62 } from './actor/base62.js';

/** `lxs_` for sessions, `lxt_` for what is used once; 43 base62 characters (256 bits) follow. Told once, kept as a hash. */
export const freshToken = (prefix: 'lxs' | 'lxt'): string => `${prefix}_${randomBase62(43)}`;

/** SHA-256, 32 bytes. Enough for a secret of 256 random bits, never for a password. */
export const hashOfToken = (token: string): Buffer => hash('sha256', token, 'buffer');
