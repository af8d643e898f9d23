import { timingSafeEqual } from 'node:crypto';
import { HOTP, Secret, TOTP } from 'otpauth';

const PERIOD_MS = 30_000;
const DIGITS = 6;
const ISSUER = 'Lexecon';

/** 160 random bits, as RFC 4226 recommends. */
export const freshTotpSecret = (): Buffer => Buffer.from(new Secret({ size: 20 }).bytes);

export const totpSecretOfBase32 = (text: string): Buffer => Buffer.from(Secret.fromBase32(text).bytes);

/** What an authenticator app scans (RFC 6238 with SHA-1, 30 s and 6 digits, which all of them know). */
export const enrolmentUri = (secret: Buffer, email: string): string =>
  new TOTP({
    issuer: ISSUER,
    label: email,
    secret: secretOf(secret),
    digits: DIGITS,
    period: PERIOD_MS / 1000,
  }).toString();

/** The time step whose code this is: the current one, the one before or the one after, and later than `lastStep`, the last that was
 *  used. Null when it is none of them. `now` in Unix milliseconds. */
export function stepOfCode(code: string, secret: Buffer, lastStep: number, now: number): number | null {
  const current = Math.floor(now / PERIOD_MS);
  const steps = [current - 1, current, current + 1].filter((step) => isCodeOf(step, code, secret));
  return steps.find((step) => step > lastStep) ?? null;
}

function isCodeOf(step: number, code: string, secret: Buffer): boolean {
  const expected = HOTP.generate({ secret: secretOf(secret), counter: step, digits: DIGITS });
  return /^\d{6}$/.test(code) && timingSafeEqual(Buffer.from(expected), Buffer.from(code));
}

const secretOf = (secret: Buffer): Secret => Secret.fromHex(secret.toString('hex'));
