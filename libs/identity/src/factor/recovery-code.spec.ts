import { freshRecoveryCodes, hashOfRecoveryCode } from './recovery-code.js';

describe('recovery codes', () => {
  it('are ten, all different, of 125 random bits in characters that paper does not confuse', () => {
    const codes = freshRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/);
  });

  it('use every character of their alphabet, about as often', () => {
    const all = Array.from({ length: 200 }, freshRecoveryCodes).flat().join('').replaceAll('-', '');
    const counts = new Map<string, number>();
    for (const character of all) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(32);
    // 50 000 draws, 1563 expected of each; ten standard deviations either way.
    for (const count of counts.values()) expect(Math.abs(count - 1563)).toBeLessThan(390);
  });

  it('count however they are typed', () => {
    const kept = hashOfRecoveryCode('01ABC-DEFGH-JKMNP-QRST0');
    for (const typed of [
      '01abcdefghjkmnpqrst0',
      ' O1ABC DEFGH JKMNP QRSTo ',
      'oiabc-defgh-jkmnp-qrst0',
      '0lABC-DEFGH-JKMNP-QRST0',
    ])
      expect(hashOfRecoveryCode(typed)).toEqual(kept);
    expect(hashOfRecoveryCode('01ABC-DEFGH-JKMNP-QRST1')).not.toEqual(kept);
  });
});
