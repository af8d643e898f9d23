import { KeyedHash } from './keyed-hash.js';

const hashed = (hash: KeyedHash, text: string, salt?: number): string => {
  hash.hash(text, salt);
  return `${(hash.high >>> 0).toString(16).padStart(8, '0')}${(hash.low >>> 0).toString(16).padStart(8, '0')}`;
};

describe('the keyed hash', () => {
  const key = [0x03020100, 0x07060504] as const;

  it('is HalfSipHash-2-4-64: it gives the vector of the reference for an empty text', () => {
    expect(hashed(new KeyedHash(key, 2, 4), '')).toBe('c83cb8b9591f8d21');
  });

  it('tells texts, salts and keys apart, also where one is the beginning of the other', () => {
    const hash = new KeyedHash(key);
    const all = [
      hashed(hash, ''),
      hashed(hash, '', 0),
      hashed(hash, '\0'),
      hashed(hash, 'a'),
      hashed(hash, 'ab'),
      hashed(hash, 'ba'),
      hashed(hash, 'abc'),
      hashed(hash, 'abc\0'),
      hashed(hash, 'a', 1),
      hashed(hash, 'a', 2),
      hashed(hash, '€'),
      hashed(new KeyedHash([1, 2]), 'a'),
      hashed(new KeyedHash([1, 3]), 'a'),
      hashed(new KeyedHash([2, 2]), 'a'),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('gives a million addresses a million places, in each half of what it says about as even as chance', () => {
    const hash = new KeyedHash([0x1234567, 0x89abcdef | 0]);
    const seen = new Set<bigint>();
    const low = new Uint32Array(256);
    const high = new Uint32Array(256);
    for (let i = 0; i < 1_000_000; i += 1) {
      hash.hash(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
      seen.add((BigInt(hash.high >>> 0) << 32n) | BigInt(hash.low >>> 0));
      low[hash.low & 255]! += 1;
      high[hash.high & 255]! += 1;
    }
    expect(seen.size).toBe(1_000_000);
    // 3906 expected in each, with a standard deviation of 62: six of them.
    for (const counts of [low, high]) expect(Math.max(...counts.map((n) => Math.abs(n - 3906)))).toBeLessThan(375);
  });
});
