import type { JWTPayload } from 'jose';
import type { Issuer } from './issuer.js';

/** Whom a verified token speaks of. */
export interface TokenClaims {
  /** The issuer's name for the agent that acts. */
  readonly subject: string;
  /** The person it acts for (RFC 8693: the token's subject, when somebody else is its actor). */
  readonly person: { readonly type: 'user'; readonly id: string } | null;
  /** Permissions that the token is limited to; null where the issuer's tokens are not. */
  readonly scopes: readonly string[] | null;
}

/** How many hands a token may have gone through. */
const LONGEST_CHAIN = 4;
/** As in the body of a decision: 1 to 256 characters, no control characters, no lone surrogates. */
const NAME = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

/** Why a token that was well signed is not accepted all the same. Names claims, never their values. */
export class UnfitClaims extends Error {}

/** Throws UnfitClaims when the token names nobody, names them in a way that cannot be followed, or is bound to a key that its bearer
 *  has not shown. */
export function claimsOf(payload: JWTPayload, issuer: Issuer): TokenClaims {
  if (payload['cnf'] !== undefined) throw new UnfitClaims('cnf');
  const scopes = issuer.scopeClaim === undefined ? null : scopesIn(payload[issuer.scopeClaim]);
  if (payload['act'] === undefined) return { subject: named(payload, issuer.subjectClaim), person: null, scopes };
  const actors = chainOf(payload['act'], issuer);
  const [subject = ''] = actors;
  return { subject, person: { type: 'user', id: named(payload, issuer.personClaim) }, scopes };
}

/** Those who act, the one who acts now first. */
function chainOf(act: unknown, { issuer }: Issuer): readonly string[] {
  const names: string[] = [];
  for (let link = act; link !== undefined;) {
    if (typeof link !== 'object' || link === null || names.length === LONGEST_CHAIN) throw new UnfitClaims('act');
    const actor = link as Readonly<Record<string, unknown>>;
    if (actor['iss'] !== undefined && actor['iss'] !== issuer) throw new UnfitClaims('act.iss');
    names.push(named(actor, 'sub'));
    link = actor['act'];
  }
  return names;
}

function named(claims: Readonly<Record<string, unknown>>, claim: string): string {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof value !== 'string' || !NAME.test(value)) throw new UnfitClaims(claim);
  return value;
}

/** A list, or names with spaces between them; anything else is none. */
function scopesIn(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((scope): scope is string => typeof scope === 'string') : [];
}
