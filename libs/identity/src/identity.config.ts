import { z } from 'zod';
import { ENVIRONMENT } from './actor/api-key.format.js';
import { readIssuers } from './federation/issuer.js';
import { scimRolesFile } from './scim/scim.config.js';
import { providersFile } from './sso/provider.config.js';
import { publicOriginOf } from './session/public-origin.js';

export const identitySettings = {
  LEXECON_SETUP_TOKEN: z.string().min(32).max(200).optional().meta({
    description:
      'Makes the first administrator (POST /api/v1/auth/setup), used once, at least 32 characters. Unset: generated and printed, outside production.',
    secret: true,
  }),
  PUBLIC_URL: z
    .string()
    .max(500)
    .refine((text) => publicOriginOf(text) !== undefined, 'must be https://host[:port], or http:// on this machine')
    .transform((text) => publicOriginOf(text)?.origin)
    .optional()
    .meta({
      description:
        'Where browsers reach this deployment, like https://lexecon.example. Passkeys, cookie sessions and single sign-on need it; unset, they answer 422.',
    }),
  OIDC_PROVIDERS_FILE: providersFile.optional().meta({
    description:
      'JSON file with the OpenID providers people may sign in at, read at the start; its form: docs/security/single-sign-on.md. Needs PUBLIC_URL.',
  }),
  SCIM_ROLES_FILE: scimRolesFile.optional().meta({
    description:
      'JSON file with the roles that groups of the directory (SCIM) give, by displayName, read at the start; docs/api/scim.md.',
  }),
  API_KEY_ENVIRONMENT: z.string().regex(ENVIRONMENT).default('local').meta({
    description:
      'Second part of API keys made here (lxk_<environment>_…): up to 16 lower-case letters, digits, hyphens.',
  }),
  AGENT_ISSUERS_FILE: z.string().transform(readIssuers).optional().meta({
    description:
      'JSON file with the pinned issuers whose tokens let agents in, see docs/security/agents.md. Unset: API keys only.',
  }),
  AGENT_REVIEW_GRACE_DAYS: z.coerce.number().int().min(0).max(365).optional().meta({
    description:
      'Days after the day of an agent’s review from which its keys and tokens are refused (401) until a person reviews it. Unset: an overdue review is shown and counted only.',
  }),
  SESSION_IDLE_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(60)
    .default(30)
    .meta({ description: 'Minutes after which a session that is not used ends.' }),
  SESSION_MAX_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(24)
    .default(12)
    .meta({ description: 'Hours after which a session ends, used or not.' }),
  FRESH_PROOF_MINUTES: z.coerce.number().int().min(1).max(60).default(10).meta({
    description: 'Minutes for which a second factor counts as fresh for what needs one (step-up).',
  }),
  GRANT_MAX_DAYS: z.coerce.number().int().min(1).max(365).default(365).meta({
    description:
      'Days after which a role that somebody is given ends at the latest; then it is given anew, for a reason.',
  }),
  ACCOUNT_IDLE_DAYS: z.coerce.number().int().min(1).max(365).default(90).meta({
    description: 'Days after which the account of a person who did not sign in is disabled.',
  }),
  PASSWORD_CONTEXT_WORDS: z
    .string()
    .max(2_000)
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    )
    .meta({
      description:
        'Words that passwords may not consist of, beside those of the person’s e-mail address: the names of your organisation, products and places, with commas between them.',
    }),
  PASSWORD_THREADS: z.coerce.number().int().min(1).max(64).default(1).meta({
    description:
      'Passwords that are hashed at the same time while enable_async_auth is on. Each takes PASSWORD_MEMORY_KIB and a thread; libuv has four unless UV_THREADPOOL_SIZE says otherwise, and files and names are looked up on them too.',
  }),
  PASSWORD_QUEUE: z.coerce.number().int().min(0).max(10_000).default(64).meta({
    description: 'Passwords that may wait for a thread; further sign-ins are answered 503.',
  }),
  ACCESS_REVIEW_MONTHS: z
    .string()
    .regex(/^(?:[1-9]|1[0-2])(?:,(?:[1-9]|1[0-2]))*$/)
    .default('1,4,7,10')
    .meta({ description: 'Months (1 to 12, by commas) with whose first day an access review opens by itself.' }),
  ACCESS_REVIEW_DAYS: z.coerce.number().int().min(1).max(90).default(30).meta({
    description: 'Days after which an access review that opened by itself takes back what nobody confirmed.',
  }),
  PASSWORD_MEMORY_KIB: z.coerce
    .number()
    .int()
    .min(7_168)
    .max(1_048_576)
    .default(19_456)
    .meta({ description: 'Memory of one password hash (Argon2id), in KiB.' }),
  PASSWORD_PASSES: z.coerce
    .number()
    .int()
    .min(1)
    .max(20)
    .default(2)
    .meta({ description: 'Passes of one password hash (Argon2id).' }),
  PASSWORD_LANES: z.coerce
    .number()
    .int()
    .min(1)
    .max(16)
    .default(1)
    .meta({ description: 'Lanes of one password hash (Argon2id).' }),
};

export type IdentitySettings = z.output<z.ZodObject<typeof identitySettings>>;

/** Injection token of the parsed settings. */
export const SETTINGS = Symbol('identity settings');
