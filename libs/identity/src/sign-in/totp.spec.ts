import { enrolmentUri, freshTotpSecret, stepOfCode, totpSecretOfBase32 } from './totp.js';

/** RFC 6238, appendix B: SHA-1, the last six of the eight digits. */
const secret = Buffer.from('12345678901234567890');
const vectors = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
] as const;

/** RFC 4226, appendix D: the code of each counter from 0 to 9. */
const counters = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');

describe('a time-based code', () => {
  it.each(counters.map((code, counter) => [counter, code] as const))('of time step %d is %s', (counter, code) => {
    expect(stepOfCode(code, secret, -1, counter * 30_000)).toBe(counter);
  });

  it.each(vectors)('at %d s is %s', (seconds, code) => {
    expect(stepOfCode(code, secret, 0, seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  it('is taken one step early or late, not two', () => {
    const [seconds, code] = vectors[3];
    const step = Math.floor(seconds / 30);
    const stepAt = (offset: number): number | null => stepOfCode(code, secret, 0, (step + offset) * 30_000);
    expect([-2, -1, 0, 1, 2].map(stepAt)).toEqual([null, step, step, step, null]);
  });

  it('is refused once its step, or a later one, was used', () => {
    const [seconds, code] = vectors[3];
    const step = Math.floor(seconds / 30);
    const after = (last: number): number | null => stepOfCode(code, secret, last, seconds * 1000);
    expect([step - 1, step, step + 1].map(after)).toEqual([step, null, null]);
  });

  it('is refused when anything but six characters of ASCII', () => {
    for (const code of ['', '2870', '2870820', '２８７０８２', '28708é', 'ééé'])
      expect(stepOfCode(code, secret, 0, 59_000)).toBeNull();
  });

  it('enrols with a URI that names issuer, account and secret', () => {
    const made = freshTotpSecret();
    const uri = new URL(enrolmentUri(made, 'ada@example.com'));
    expect([uri.protocol, decodeURIComponent(uri.pathname)]).toEqual(['otpauth:', '/Lexecon:ada@example.com']);
    expect(totpSecretOfBase32(uri.searchParams.get('secret') ?? '')).toEqual(made);
    expect(made).toHaveLength(20);
  });
});
