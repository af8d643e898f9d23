import { hash } from 'node:crypto';
import { z } from 'zod';
import type { OidcProvider } from './provider.config.js';

/** What a provider says about somebody, as far as it is looked at. */
export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  /** The provider's name of this sign-in, for logging out later. */
  readonly sid: string | null;
  /** Only when the provider says that it is verified. */
  readonly verifiedEmail: string | null;
  readonly groups: readonly string[];
  /** Whether the provider has seen a second factor, as configured. */
  readonly secondFactor: boolean;
  /** When the person proved who they are to the provider; null when it does not say. */
  readonly provedAt: Date | null;
}

const LONGEST = 255;
const text = z.string().min(1).max(LONGEST);
const claimsSchema = z.looseObject({
  iss: z.string().min(1),
  sub: text,
  sid: text.optional(),
  email: z.string().max(254).optional().catch(undefined),
  email_verified: z.unknown().optional(),
  acr: z.string().optional().catch(undefined),
  amr: z.array(z.string()).catch([]),
  auth_time: z.number().optional().catch(undefined),
});

/** Undefined when a claim that is needed has another form than it must. `more` (userinfo) fills what the ID token does not say; how the person
 *  signed in is taken from the ID token alone. */
export function claimsOf(provider: OidcProvider, idToken: unknown, more: unknown = {}): Claims | undefined {
  const told = claimsSchema.safeParse(idToken);
  const filled = claimsSchema.safeParse({ ...objectOf(more), ...objectOf(idToken) });
  if (!told.success || !filled.success) return undefined;
  const { iss, sub, sid, auth_time: time } = told.data;
  const { email, email_verified: verified } = filled.data;
  return {
    issuer: iss,
    subject: sub,
    sid: sid ?? null,
    verifiedEmail: verified === true && email !== undefined ? email : null,
    groups: groupsOf(filled.data[provider.groupsClaim]),
    secondFactor: sawSecondFactor(provider, told.data),
    provedAt: time === undefined ? null : new Date(time * 1000),
  };
}

/** Whether the ID token leaves something open that userinfo may say. */
export const isThin = ({ groupsClaim }: OidcProvider, idToken: object): boolean =>
  !('email' in idToken) || !(groupsClaim in idToken);

/** Whether `at_hash`, when it is there, is that of the access token (OpenID Connect Core 3.1.3.6). */
export function accessTokenMatches(
  algorithm: OidcProvider['algorithm'],
  accessToken: string,
  atHash: unknown,
): boolean {
  if (atHash === undefined) return true;
  const name = algorithm === 'EdDSA' ? 'sha512' : `sha${algorithm.slice(2)}`;
  const digest = hash(name, accessToken, 'buffer');
  return atHash === digest.subarray(0, digest.length / 2).toString('base64url');
}

function sawSecondFactor(
  { secondFactor }: OidcProvider,
  { acr, amr }: { readonly acr?: string | undefined; readonly amr: readonly string[] },
): boolean {
  if (secondFactor === 'local') return false;
  return (acr !== undefined && secondFactor.acr.includes(acr)) || amr.some((name) => secondFactor.amr.includes(name));
}

function groupsOf(claim: unknown): readonly string[] {
  const names: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

const objectOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
