import { createHmac, randomBytes } from 'node:crypto';
import { equalBytes, hmacSha256, hmacSha512, sha256 } from './hash.js';

describe('hashes', () => {
  it('has the SHA-256 of FIPS 180-4, for text and for bytes', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256('abc').toString('hex')).toBe(abc);
    expect(sha256(Buffer.from('abc')).toString('hex')).toBe(abc);
    expect(sha256('é')).toEqual(sha256(Buffer.from('é', 'utf8')));
  });

  it('has the HMACs of RFC 4231, test case 2', () => {
    const data = 'what do ya want for nothing?';
    expect(hmacSha256(Buffer.from('Jefe'), data).toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    expect(hmacSha512(Buffer.from('Jefe'), data).toString('hex')).toBe(
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554' +
        '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    );
  });

  it('agrees with the platform’s HMAC for keys and data of every length around a block', () => {
    for (const keyBytes of [0, 1, 32, 63, 64, 65, 127, 128, 129, 300])
      for (const dataBytes of [0, 1, 63, 64, 65, 500]) {
        const [key, data] = [randomBytes(keyBytes), randomBytes(dataBytes)];
        expect(hmacSha256(key, data)).toEqual(createHmac('sha256', key).update(data).digest());
        expect(hmacSha512(key, data)).toEqual(createHmac('sha512', key).update(data).digest());
      }
  });

  it('compares bytes, and calls other lengths unequal', () => {
    expect(equalBytes(Buffer.of(1, 2), Buffer.of(1, 2))).toBe(true);
    expect(equalBytes(Buffer.of(1, 2), Buffer.of(1, 3))).toBe(false);
    expect(equalBytes(Buffer.of(1, 2), Buffer.of(1))).toBe(false);
  });
});
