import type { OpenAPIObject } from '@nestjs/swagger';
import fc from 'fast-check';
import { documentOf } from '../src/openapi.js';
import { operationsOf, valid } from './request.testing.js';
import { type TestServer, testServer } from './server.testing.js';

/** People who exist nowhere: whoever finds them in a log has found a leak. */
const canaries = {
  email: 'rosalind.canary@leak.example',
  name: 'Rosalind Canary-Leakwell',
  iban: 'DE89370400440532013000',
  password: 'canary-password-correct-horse',
  phone: '+49-170-5550199',
} as const;

const values = Object.values(canaries);

/** How a canary may look in a log: as it is, escaped, encoded, or a recognisable part of it. */
const tracesOf = (canary: string): readonly string[] => [
  canary,
  encodeURIComponent(canary),
  Buffer.from(canary).toString('base64').slice(0, 16),
  canary.slice(0, Math.ceil(canary.length * 0.6)),
];

const leaksIn = (log: string): readonly string[] =>
  values.filter((canary) => tracesOf(canary).some((trace) => log.toLowerCase().includes(trace.toLowerCase())));

/** Every text in `value` that may be anything, replaced by a canary; the shape stays. */
function laced(value: unknown, next: () => string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => laced(member, next, key));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, laced(member, next, name)]));
  if (typeof value !== 'string') return value;
  if (key === 'email') return canaries.email;
  if (key === 'password') return canaries.password;
  return ['type', 'effect', 'mode', 'roles', 'kind', 'apiVersion'].includes(key) ? value : next();
}

describe('personal data', () => {
  let server: TestServer;
  let document: OpenAPIObject;
  let token: string;

  beforeAll(async () => {
    server = await testServer({ LOG_LEVEL: 'trace' });
    document = documentOf(server.app);
    token = server.tokenFor({});
  }, 30_000);
  afterAll(() => server.close(), 30_000);

  const send = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const answer = await server.app.inject({
      method: method as 'GET',
      url: path,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    return answer.statusCode;
  };

  it('that is sent to every endpoint, in bodies, queries, paths and headers, is in no log line', async () => {
    let at = 0;
    const next = (): string => values[at++ % values.length] ?? canaries.name;
    const statuses = new Set<number>();
    for (const operation of operationsOf(document)) {
      const bodies = operation.body
        ? fc.sample(valid(operation.body, document), { numRuns: 12, seed: 7 })
        : [undefined];
      for (const body of bodies)
        for (const lace of [false, true]) {
          const path = operation.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(next()));
          const query = operation.parameters
            .filter((parameter) => parameter.in === 'query')
            .map(({ name }) => `${name}=${encodeURIComponent(next())}`)
            .join('&');
          const payload =
            body === undefined
              ? undefined
              : JSON.stringify(lace ? laced(body, next) : { ...Object(body), ...canaries });
          const headers = { 'idempotency-key': canaries.email, 'x-forwarded-for': canaries.name, 'user-agent': next() };
          statuses.add(await send(operation.method, lace ? `${path}?${query}` : path, payload, headers));
        }
    }
    for (const broken of [`{"email": "${canaries.email}"`, canaries.name])
      statuses.add(await send('POST', '/api/v1/agents', broken));
    statuses.add(await send('GET', `/${encodeURIComponent(canaries.name)}`));
    const log = server.log().join('');
    expect(leaksIn(log)).toEqual([]);
    expect(statuses.size).toBeGreaterThan(3);
  }, 120_000);

  it('is not what happened to be missing: every request left a line', () => {
    const lines = server
      .log()
      .map((line) => JSON.parse(line) as { msg: string; request_id?: string; trace_id?: string; span_id?: string });
    const requests = lines.filter(({ msg }) => msg === 'request');
    expect(requests.length).toBeGreaterThan(100);
    expect(requests.every(({ request_id, trace_id, span_id }) => request_id && trace_id && span_id)).toBe(true);
  });

  it('would be found if it were there', () => {
    expect(leaksIn(`{"msg":"hello ${canaries.email}"}`)).toEqual([canaries.email]);
    expect(leaksIn(`{"url":"/x?name=${encodeURIComponent(canaries.name)}"}`)).toEqual([canaries.name]);
  });

  it('of a caller is only its kind', () => {
    const lines = server.log().join('');
    expect(lines).toContain('"principal":"person"');
    expect(lines).not.toContain('host@lexecon.example');
  });
});
