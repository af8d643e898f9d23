import { z } from 'zod';
import { isLimit } from './limit/limit.js';
import { isStore } from './store/store.address.js';

const limit = (text: string, description: string): z.ZodDefault<z.ZodString> =>
  z
    .string()
    .refine(isLimit, 'must look like 100/s:500 (so many a second, minute (m) or hour (h), and how many at once)')
    .default(text)
    .meta({ description: `${description} \`<number>/<s, m or h>:<burst>\`; without a burst it is the number.` });

export const resilienceSettings = {
  LIMIT_DECISION: limit('5000/s:10000', 'Decisions that one account may ask for; a batch counts as many as it holds.'),
  LIMIT_READ: limit('100/s:500', 'Reading requests of one account, or of one address where no account is asked for.'),
  LIMIT_WRITE: limit('20/s:100', 'Writing requests, likewise.'),
  LIMIT_EXPENSIVE: limit('30/m:30', 'Exports, verifications, simulations and what else costs much, likewise.'),
  LIMIT_ADDRESS: limit(
    '10000/s:20000',
    'Requests of one address (IPv6: of one /64), whoever calls; one that is answered 401 counts as 100.',
  ),
  SIGN_IN_REQUESTS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(30)
    .meta({ description: 'Requests a minute that one address may make to what signs people in (/api/v1/auth).' }),
  LIMIT_KEYS: z.coerce.number().int().min(1_000).max(10_000_000).default(200_000).meta({
    description:
      'Accounts, and addresses, that are counted at once. Each costs about 30 bytes, taken at the start; more than that share buckets.',
  }),
  LIMITS_STORE: z
    .string()
    .refine(isStore, 'must be postgres, valkey://host:port or valkeys://host:port (TLS)')
    .default('postgres')
    .meta({
      description:
        'Where the limits live that hold across replicas (signing in, second factors): `postgres`, or a Valkey or Redis server (`valkey://` or, with TLS, `valkeys://[user:password@]host:port[/database]`) that evicts nothing.',
      secret: true,
    }),
  SHED_LAG_MS: z.coerce.number().int().min(50).max(60_000).default(500).meta({
    description: 'Milliseconds that the event loop may lag; beyond that new requests are refused with 503.',
  }),
};

export type ResilienceSettings = z.output<z.ZodObject<typeof resilienceSettings>>;

/** Injection token of the parsed settings. */
export const SETTINGS = Symbol('resilience settings');
