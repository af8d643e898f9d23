import fc from 'fast-check';
import { formatApiKey, freshApiKey, parseApiKey } from './api-key.format.js';
import { base62OfUint32, randomBase62 } from './base62.js';

const known = 'lxk_demo_' + '0123456789ab' + 'A'.repeat(43);

describe('the form of an API key', () => {
  it('has the environment, 12 characters of id, 43 of secret and 6 of checksum', () => {
    expect(formatApiKey(freshApiKey('demo'))).toMatch(/^lxk_demo_[0-9A-Za-z]{61}$/);
  });

  it('ends in the CRC-32 of everything before it, in base62', () => {
    const key = formatApiKey({ environment: 'demo', id: '0123456789ab', secret: 'A'.repeat(43) });
    expect(key.slice(0, -6)).toBe(known);
    expect(key.slice(-6)).toBe(base62OfUint32(crcBitByBit(known)));
  });

  it('is read back as what it was made of', () => {
    for (let i = 0; i < 50; i += 1) {
      const parts = freshApiKey('prod-eu');
      expect(parseApiKey(formatApiKey(parts))).toEqual(parts);
    }
  });

  it('is refused when any single character is another', () => {
    const key = formatApiKey(freshApiKey('demo'));
    for (let at = 0; at < key.length; at += 1) {
      const other = key.charAt(at) === 'x' ? 'y' : 'x';
      expect(parseApiKey(key.slice(0, at) + other + key.slice(at + 1))).toBeNull();
    }
  });

  it('is refused when cut, lengthened or spaced', () => {
    const key = formatApiKey(freshApiKey('demo'));
    for (const wrong of ['', key.slice(1), key.slice(0, -1), `${key}a`, ` ${key}`, `${key}\n`, key.toUpperCase()]) {
      expect(parseApiKey(wrong)).toBeNull();
    }
  });

  it('never throws on any text', () => {
    fc.assert(fc.property(fc.string(), (text) => parseApiKey(text) === null));
  });
});

describe('base62', () => {
  it('writes 32-bit numbers in six digits, in their order', () => {
    expect([0, 61, 62, 4_294_967_295].map(base62OfUint32)).toEqual(['000000', '00000z', '000010', '4gfFC3']);
    const pair = fc.tuple(fc.nat({ max: 0xffff_ffff }), fc.nat({ max: 0xffff_ffff }));
    fc.assert(fc.property(pair, ([a, b]) => a < b === base62OfUint32(a) < base62OfUint32(b)));
  });

  it('draws every digit about equally often', () => {
    const counts = new Map<string, number>();
    for (const digit of randomBase62(62_000)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    expect(counts.size).toBe(62);
    expect(Math.min(...counts.values())).toBeGreaterThan(800);
    expect(Math.max(...counts.values())).toBeLessThan(1_200);
  });
});

/** CRC-32 (ISO-HDLC) without a table, as an independent reading of the checksum. */
function crcBitByBit(text: string): number {
  let crc = 0xffff_ffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
