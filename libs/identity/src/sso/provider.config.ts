import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { personRoles } from '../person/account.js';

/** Where one may sign in: an OpenID provider, and what is believed of what it says. */
export interface OidcProvider {
  /** In addresses, records and metrics. */
  readonly name: string;
  readonly issuer: URL;
  readonly clientId: string;
  /** Null for a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  readonly clientAuthentication: 'basic' | 'post';
  /** The one algorithm in which ID tokens and logout tokens of this provider are signed. */
  readonly algorithm: Algorithm;
  readonly scopes: readonly string[];
  readonly groupsClaim: string;
  /** Roles by group. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Whose verified e-mail addresses may find or make an account. */
  readonly emailDomains: readonly string[];
  readonly createPeople: boolean;
  /** `local`: always asked for here. Else it counts as done when the ID token has one of these. */
  readonly secondFactor: 'local' | { readonly acr: readonly string[]; readonly amr: readonly string[] };
}

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;
type Algorithm = (typeof algorithms)[number];

const LINE = /^[^\p{Cc}\p{Cs}]+$/u;
const line = z.string().max(255).regex(LINE, 'must be one line of text');
const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

export const isInsecure = ({ issuer }: Pick<OidcProvider, 'issuer'>): boolean => issuer.protocol === 'http:';

const issuer = z
  .url()
  .transform((text) => new URL(text))
  .refine(
    ({ protocol, hostname }) => protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname)),
    'must be an https address',
  )
  .refine(({ search, hash, username }) => search + hash + username === '', 'must have no query, fragment or user');

const providerSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be up to 32 lower-case letters, digits and hyphens'),
  issuer,
  clientId: line,
  clientSecretFile: line.optional(),
  clientAuthentication: z.enum(['basic', 'post']).default('basic'),
  algorithm: z.enum(algorithms).default('RS256'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'must be a scope name'))
    .default(['openid', 'email', 'profile'])
    .refine((scopes) => scopes.includes('openid'), 'must contain openid'),
  groupsClaim: line.default('groups'),
  roles: z.record(line, z.array(z.enum(personRoles))).default({}),
  emailDomains: z.array(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a domain in lower case')).default([]),
  createPeople: z.boolean().default(false),
  secondFactor: z
    .union([
      z.literal('local'),
      z
        .strictObject({ acr: z.array(line).default([]), amr: z.array(line).default([]) })
        .refine(({ acr, amr }) => acr.length + amr.length > 0, 'must name an acr or amr'),
    ])
    .default('local'),
});

const fileSchema = z
  .array(providerSchema)
  .max(20)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must name each provider once');

/** The setting: a path that is read at the start. What is wrong is named by its place in the file, never by its value. */
export const providersFile = z.string().transform((path, context): readonly OidcProvider[] => {
  const complain = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const given = jsonOf(path);
  if (given === undefined) return complain('must be the path of a readable JSON file');
  const parsed = fileSchema.safeParse(given);
  if (!parsed.success) return complain(parsed.error.issues.map(issueText).join('; '));
  return parsed.data.flatMap(({ clientSecretFile, ...provider }, at) => {
    const clientSecret =
      clientSecretFile === undefined ? null : secretOf(resolve(dirname(resolve(path)), clientSecretFile));
    if (clientSecret !== undefined) return [{ ...provider, clientSecret }];
    return complain(`/${String(at)}/clientSecretFile must be the path of a readable file with the secret`);
  });
});

const issueText = ({ path, message }: z.core.$ZodIssue): string => `/${path.map(String).join('/')} ${message}`;

/** What is in a JSON file; undefined when there is none. */
export function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function secretOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
