import { decodeJwt, errors, jwtVerify } from 'jose';
import type { Issuer } from './issuer.js';
import type { IssuerKeys } from './issuer.keys.js';
import { claimsOf, type TokenClaims, UnfitClaims } from './token.claims.js';

/** How far the clocks of an issuer and of this server may be apart, in seconds. */
const TOLERANCE = 30;
const LONGEST = 8_192;

export interface VerifiedToken extends TokenClaims {
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** The issuer a token says it is from, unverified: only to be looked up among the pinned ones. Null when it is no JWT of at most 8 KiB. */
export function claimedIssuer(token: string): string | null {
  if (token.length > LONGEST) return null;
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : null;
  } catch {
    return null;
  }
}

/** Verifies as the pinned issuer wants it; `now` in Unix milliseconds. Rejects with JOSEError or UnfitClaims when the token is not
 *  accepted, with ProblemError 503 when that cannot be found out. */
export async function verify(token: string, issuer: Issuer, keys: IssuerKeys, now: number): Promise<VerifiedToken> {
  const { payload } = await jwtVerify(token, keys.keyFor, {
    issuer: issuer.issuer,
    audience: issuer.audience,
    algorithms: [...issuer.algorithms],
    requiredClaims: ['exp'],
    clockTolerance: TOLERANCE,
    currentDate: new Date(now),
    ...(issuer.typ !== undefined && { typ: issuer.typ }),
  });
  if (Array.isArray(payload.aud) && payload.aud.length > 1) throw new UnfitClaims('aud');
  const { exp = 0, iat = Math.floor(now / 1_000) } = payload;
  if (iat > now / 1_000 + TOLERANCE) throw new UnfitClaims('iat');
  if (exp - iat > issuer.maxAgeSeconds) throw new UnfitClaims('exp');
  return { ...claimsOf(payload, issuer), expiresAt: (exp + TOLERANCE) * 1_000 };
}

/** The reason for a refusal, from a small set: for counting. Undefined when it was no refusal. */
export function reasonOf(error: unknown): string | undefined {
  if (error instanceof UnfitClaims) return error.message;
  return error instanceof errors.JOSEError ? error.code : undefined;
}
