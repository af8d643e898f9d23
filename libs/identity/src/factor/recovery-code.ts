import { hash, randomBytes } from 'node:crypto';

/** How many a person has. */
const RECOVERY_CODES = 10;
/** Base32 as Crockford has it: no I, L, O, U, so that a code can be read from paper. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 25;
const GROUP = 5;

/** As many codes as a person gets, of 125 random bits each: `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`. */
export const freshRecoveryCodes = (): readonly string[] =>
  Array.from({ length: RECOVERY_CODES }, () => {
    // A byte modulo 32 is uniform: 256 is a multiple of 32.
    const code = [...randomBytes(LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length] ?? '').join('');
    return code.match(new RegExp(`.{${String(GROUP)}}`, 'g'))?.join('-') ?? '';
  });

/** What is kept of a code, however it was typed (case, spaces, hyphens, O for 0, I and L for 1): SHA-256. A slow hash would add nothing:
 *  it protects what people choose, and nobody can try 2^125 codes (ASVS 6.5.2 asks
 *  for a slow one below 112 bits). */
export const hashOfRecoveryCode = (code: string): Buffer => hash('sha256', `recovery ${plain(code)}`, 'buffer');

const plain = (code: string): string =>
  code.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
