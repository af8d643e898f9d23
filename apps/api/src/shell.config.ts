import { isIP } from 'node:net';
import { z } from 'zod';
import { parseApiKey } from '@lexecon/identity';

/** What the server itself needs to know; rooms have their own tables. `secret: true` keeps a value out of every output. */
export const shellSettings = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .meta({ description: 'production refuses demo data, default secrets and debug logs.' }),
  HOST: z.string().default('127.0.0.1').meta({ description: 'Address to listen on.' }),
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(3000)
    .meta({ description: 'Port to listen on; 0 takes a free one.' }),
  TRUST_PROXY: z
    .string()
    .refine((list) => list.split(',').every(isNetwork), 'must be a list of addresses and networks, like 10.0.0.0/8,::1')
    .optional()
    .meta({ description: 'Addresses and networks of the proxies whose X-Forwarded-For is believed. Unset: nobody.' }),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })
    .optional()
    .meta({ description: 'PostgreSQL 14 or newer. Unset: `npm start` runs the bundled one.', secret: true }),
  DATABASE_POOL_SIZE: z.coerce
    .number()
    .int()
    .min(2)
    .max(100)
    .default(8)
    .meta({ description: 'Most connections for everything but the ledger, which has its own.' }),
  LEXECON_DATA_DIR: z.string().default('.data').meta({
    description: 'Folder of the bundled database and of generated keys, relative to where the server is started.',
  }),
  LEXECON_DEMO_KEY: z
    .string()
    .refine((key) => parseApiKey(key) !== null, 'must have the form lxk_<environment>_<id><secret><checksum>')
    .optional()
    .meta({
      description: 'API key of the demo gateway, outside production and on a loopback HOST only. Unset: generated.',
      secret: true,
    }),
  SECURITY_CONTACT: z
    .url({ protocol: /^(https|mailto|tel)$/ })
    .regex(/^[!-~]+$/)
    .max(500)
    .optional()
    .meta({
      description:
        'Whom to tell of a vulnerability of this deployment, like mailto:security@example.com or an https:// page. Told at /.well-known/security.txt, which is 404 while this is unset.',
    }),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .meta({ description: 'Least severe log line that is written. debug and trace are refused in production.' }),
  SHUTDOWN_DELAY_MS: z.coerce.number().int().min(0).max(60_000).default(0).meta({
    description:
      'How long to go on serving after SIGTERM while /health/ready already says 503, so that load balancers notice.',
  }),
  SHUTDOWN_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1000)
    .max(600_000)
    .default(20_000)
    .meta({ description: 'How long running requests may take after that before the process ends anyway.' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional().meta({
    description: 'Where traces, metrics and logs go (OTLP over HTTP). Unset: nothing leaves, no instrumentation runs.',
  }),
} as const;

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.trim().split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  return (
    isIP(address) !== 0 &&
    rest.length === 0 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
  );
}
