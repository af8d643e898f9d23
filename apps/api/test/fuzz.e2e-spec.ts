import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { OpenAPIObject } from '@nestjs/swagger';
import fc from 'fast-check';
import { documentOf } from '../src/openapi.js';
import { type GeneratedRequest, type Known, type Operation, operationsOf, requestsTo } from './request.testing.js';
import { type TestServer, testServer } from './server.testing.js';

/** All of them together; each operation gets its share. */
const BUDGET_MS = 45_000;
const SEED = 20_261_123;

interface ProblemBody {
  readonly type?: unknown;
  readonly status?: unknown;
  readonly instance?: unknown;
  readonly errors?: readonly { readonly pointer?: unknown; readonly detail?: unknown }[];
}

/** What is wrong with an answer; null when it is as it should be. */
function complaint(status: number, type: string, body: string, path = ''): string | null {
  if (status >= 500) return `answered ${String(status)}`;
  if (status < 400) return null;
  if (path.startsWith('/scim/')) return scimComplaint(status, type, body);
  if (!type.startsWith('application/problem+json')) return `${String(status)} is sent as ${type}`;
  const problem = JSON.parse(body) as ProblemBody;
  if (problem.status !== status) return 'the body has another status';
  if (typeof problem.type !== 'string' || !problem.type.startsWith('urn:lexecon:problem:'))
    return 'the type is no URN of ours';
  if (typeof problem.instance !== 'string') return 'the request id is missing';
  if (![400, 413, 422].includes(status)) return null;
  const errors = problem.errors ?? [];
  const named = errors.every(({ pointer, detail }) => typeof pointer === 'string' && /^(\/|$)/.test(pointer) && detail);
  return errors.length > 0 && named ? null : `${String(status)} does not name the field`;
}

/** The one exception: SCIM's clients need SCIM's own errors (RFC 7644, 3.12). */
function scimComplaint(status: number, type: string, body: string): string | null {
  if (!type.startsWith('application/scim+json')) return `${String(status)} is sent as ${type}`;
  const error = JSON.parse(body) as Readonly<Record<string, unknown>>;
  if (!isDeepStrictEqual(error['schemas'], ['urn:ietf:params:scim:api:messages:2.0:Error']))
    return 'the schema is another';
  if (error['status'] !== String(status) || status === 422) return 'the body has another status';
  return typeof error['detail'] === 'string' && typeof error['instance'] === 'string' ? null : 'it says nothing';
}

describe('whatever is sent to any route', () => {
  let server: TestServer;
  let token: string;
  let document: OpenAPIObject;
  let operations: readonly Operation[];
  const answered = new Map<string, Map<number, number>>();

  beforeAll(async () => {
    server = await testServer({ LOG_LEVEL: 'error' });
    token = server.tokenFor({});
    document = documentOf(server.app);
    // A check of health may say 503; it takes no input to go wrong over.
    operations = operationsOf(document).filter(({ path }) => !path.startsWith('/health'));
  }, 30_000);
  afterAll(() => server.close(), 30_000);

  const send = async (method: string, { url, headers, body }: GeneratedRequest) => {
    const answer = await server.app.inject({
      method: method as 'GET',
      url,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === null ? {} : { payload: body }),
    });
    return { status: answer.statusCode, type: String(answer.headers['content-type']), body: answer.body };
  };

  it('is never answered with a 5xx; every 4xx is a problem, and 400, 413 and 422 name the field', async () => {
    const complaints: string[] = [];
    const known = await thingsOf(server, token);
    for (const operation of operations) {
      const counts = new Map<number, number>();
      answered.set(operation.name, counts);
      const failures: string[] = [];
      const holds = fc.asyncProperty(requestsTo(operation, document, known), async (request) => {
        const { status, type, body } = await Promise.race([send(operation.method, request), tooLate()]);
        counts.set(status, (counts.get(status) ?? 0) + 1);
        const wrong = complaint(status, type, body, operation.path);
        if (wrong === null) return;
        const logged = server.log().at(-1)?.slice(0, 1500) ?? '';
        failures.push(
          `${operation.name} ${wrong}: ${JSON.stringify(request).slice(0, 1500)}\n${body.slice(0, 500)}\n${logged}`,
        );
        throw new Error(wrong);
      });
      // What fails in the last moment is not shrunk, and fast-check then reports an interruption: `failures` counts, not its verdict.
      await fc.check(holds, { seed: SEED, numRuns: 150, interruptAfterTimeLimit: BUDGET_MS / operations.length });
      complaints.push(...failures.slice(-1));
    }
    expect(complaints).toEqual([]);
  }, 180_000);

  it('was sent to every route, in good shape and in bad', () => {
    const total = new Map<number, number>();
    for (const counts of answered.values())
      for (const [status, count] of counts) total.set(status, (total.get(status) ?? 0) + count);
    expect([...answered.values()].every((counts) => counts.size > 0)).toBe(true);
    const seen = [...total.keys()];
    expect(seen).toEqual(expect.arrayContaining([400, 404, 413, 415, 422]));
    expect(seen.some((status) => status < 300)).toBe(true);
    expect([...total.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(answered.size * 20);
  });

  it('would not get past this test: a server that fails is noticed', () => {
    expect(complaint(500, 'application/problem+json', '{}')).not.toBeNull();
    expect(complaint(404, 'application/json', '{}')).not.toBeNull();
    expect(
      complaint(422, 'application/problem+json', '{"type":"urn:lexecon:problem:x","status":422,"instance":"1"}'),
    ).not.toBeNull();
  });
});

const tooLate = async () => {
  await sleep(10_000, undefined, { ref: false });
  return { status: 599, type: '', body: 'no answer within ten seconds' };
};

/** One of each thing, made through the API: what a parameter of a path can name. */
async function thingsOf({ app }: TestServer, token: string): Promise<Known> {
  const post = async (url: string, body: unknown): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await app.inject({ method: 'POST', url, headers, payload: JSON.stringify(body) });
    if (answer.statusCode >= 300) throw new Error(`POST ${url}: ${answer.body}`);
    return answer.json();
  };
  const agent = await post('/api/v1/agents', {
    type: 'agent',
    name: 'fuzz-bot',
    owner: 'team',
    purpose: 'tests',
    roles: ['support-agent'],
  });
  const resource = await post('/api/v1/resources', {
    type: 'table',
    resource: 'fuzz',
    dataClasses: ['pii'],
    sensitivity: 'internal',
    owner: 'team',
  });
  const rules = [{ id: 'one', effect: 'permit', actions: ['database:read'] }];
  await post('/api/v1/policies', {
    source: JSON.stringify({ apiVersion: 'lexecon.dev/v1', kind: 'Policy', name: 'fuzz', rules }),
  });
  const decision = await post('/api/v1/decisions', {
    actor: { type: 'agent', id: 'fuzz-bot', onBehalfOf: { type: 'user', id: 'u-1' } },
    action: { name: 'database:read' },
    resource: { type: 'table', id: 'fuzz' },
    context: { attributes: {} },
  });
  const ids: Readonly<Record<string, unknown>> = {
    agents: agent['id'],
    resources: resource['id'],
    decisions: decision['id'],
  };
  return (path, parameter) => {
    const collection = path.split('/')[3] ?? '';
    if (parameter === 'name') return ['fuzz'];
    if (parameter === 'version') return ['1', '2'];
    if (parameter === 'index') return ['0', '1'];
    return parameter === 'id' && typeof ids[collection] === 'string' ? [ids[collection]] : [];
  };
}
