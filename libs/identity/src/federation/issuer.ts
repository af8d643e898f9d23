import { readFileSync } from 'node:fs';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { ENVIRONMENT } from '../actor/api-key.format.js';

/** What a token may be signed with: asymmetric only, so that a public key never verifies what was made with it as a secret. */
const algorithms = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const;

const name = z.string().min(1).max(500);
const claim = z.string().min(1).max(100);

const key = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']) })
  .refine((jwk) => !('d' in jwk) && !('k' in jwk), { error: 'is a secret key: only public ones belong here' });
const keySet = z.object({ keys: z.array(key).min(1).max(100) });

const uri = z.url({ protocol: /^https?$/ }).refine(isSafe, { error: 'must be https (http only on loopback)' });

const issuer = z
  .strictObject({
    issuer: name,
    audience: name,
    algorithms: z.array(z.enum(algorithms)).min(1),
    jwksUri: uri.optional(),
    jwks: keySet.optional(),
    jwksFile: z.string().transform(readKeySet).optional(),
    subjectClaim: claim.default('sub'),
    personClaim: claim.default('sub'),
    scopeClaim: claim.optional(),
    typ: claim.optional(),
    maxAgeSeconds: z.number().int().min(30).max(86_400).default(3_600),
    environment: z.string().regex(ENVIRONMENT).optional(),
  })
  .refine(({ jwksUri, jwks, jwksFile }) => [jwksUri, jwks, jwksFile].filter(Boolean).length === 1, {
    error: 'needs exactly one of jwksUri, jwks and jwksFile',
  })
  .transform(({ jwks, jwksFile, jwksUri, ...rest }) => ({
    ...rest,
    keys: jwksUri === undefined ? ((jwks ?? jwksFile) as JSONWebKeySet) : new URL(jwksUri),
  }));

const issuers = z
  .array(issuer)
  .max(50)
  .refine((list) => !list.some((one, at) => list.slice(at + 1).some((other) => meet(one, other))), {
    error: 'names an issuer twice for one environment',
  });

/** One whose tokens are believed, as the file pins it. */
export type Issuer = Readonly<z.output<typeof issuer>>;

/** The pinned issuers in a file: a JSON list. What is wrong in it is an issue that names the member, never its value. */
export function readIssuers(file: string, context: z.core.$RefinementCtx): readonly Issuer[] {
  const parsed = issuers.safeParse(readJson(file, context));
  for (const { path, message } of parsed.error?.issues ?? [])
    fault(context, `${path.join('.') || 'the file'} ${message}`);
  return parsed.data ?? [];
}

function readKeySet(file: string, context: z.core.$RefinementCtx): z.output<typeof keySet> {
  const parsed = keySet.safeParse(readJson(file, context));
  for (const { path, message } of parsed.error?.issues ?? [])
    fault(context, `${path.join('.') || 'the file'} ${message}`);
  return parsed.data ?? { keys: [] };
}

function readJson(file: string, context: z.core.$RefinementCtx): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    fault(context, code === undefined ? 'is no JSON' : `cannot be read (${code})`);
    return undefined;
  }
}

const fault = (context: z.core.$RefinementCtx, message: string): void => {
  context.issues.push({ code: 'custom', message, input: '' });
};

function isSafe(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

interface Place {
  readonly issuer: string;
  readonly environment?: string | undefined;
}

/** Whether both count in some environment: one that names none counts in all. */
const meet = (one: Place, other: Place): boolean =>
  one.issuer === other.issuer && (one.environment ?? other.environment) === (other.environment ?? one.environment);
