import { connect } from 'node:net';
import { once } from 'node:events';
import type { LightMyRequestResponse } from 'fastify';
import { testServer, type TestServer } from './server.testing.js';

const question = { action: { name: 'a' }, resource: { type: 't', id: 'i' } };
const ids = ['0199f0c4-0000-7000-8000-00000000000a', '0199f0c4-0000-7000-8000-00000000000b'] as const;

const statusOf = ({ statusCode }: LightMyRequestResponse): number => statusCode;

describe('limits', () => {
  let server: TestServer;
  afterEach(() => server.close());

  interface Ask {
    readonly method?: 'GET' | 'POST';
    readonly token?: string;
    readonly body?: object;
    readonly from?: string;
    readonly headers?: Record<string, string>;
  }

  const ask = (url: string, { method = 'GET', token, body, from = '192.0.2.1', headers = {} }: Ask = {}) =>
    server.app.inject({
      method,
      url,
      remoteAddress: from,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { payload: JSON.stringify(body) }),
    });
  const decide = (token: string, more: Ask = {}) =>
    ask('/api/v1/decisions', { method: 'POST', token, body: question, ...more });

  it('are of each account and class of route, and say in every answer what is left', async () => {
    server = await testServer({ LIMIT_READ: '1/h:2', LIMIT_WRITE: '1/h:5' });
    const [one, other] = ids.map((id) => server.tokenFor({ id, name: id }));
    const first = await ask('/api/v1/agents', { token: one! });
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"read";q=2;w=7200', ratelimit: '"read";r=1;t=3600' });
    expect(statusOf(await ask('/api/v1/agents', { token: one!, from: '192.0.2.9' }))).toBe(200);
    const refused = await ask('/api/v1/agents', { token: one!, from: '198.51.100.7' });
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(refused.headers['ratelimit']).toBe('"read";r=0;t=7200');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_500);
    expect(refused.json()).toMatchObject({ type: 'urn:lexecon:problem:too-many-requests' });
    expect(statusOf(await ask('/api/v1/agents', { token: other! }))).toBe(200);
    expect(statusOf(await ask('/api/v1/agents', { method: 'POST', token: one!, body: {} }))).toBe(422);
  });

  it('count a batch as the decisions in it', async () => {
    server = await testServer({ LIMIT_DECISION: '1/h:10' });
    const token = server.tokenFor({ kind: 'person' });
    const batch = (size: number) =>
      ask('/api/v1/decisions/batch', {
        method: 'POST',
        token,
        body: { requests: Array.from({ length: size }, () => question) },
      });
    const eight = await batch(8);
    expect([eight.statusCode, eight.headers['ratelimit']]).toEqual([200, '"decision";r=2;t=28800']);
    expect(statusOf(await batch(3))).toBe(429);
    expect([statusOf(await decide(token)), statusOf(await decide(token)), statusOf(await decide(token))]).toEqual([
      200, 200, 429,
    ]);
  });

  it('count an address before anything is known of its requests, and never health', async () => {
    server = await testServer({ LIMIT_ADDRESS: '1/h:3' });
    for (const path of ['/nothing', '/docs', '/api/v1/agents']) expect(statusOf(await ask(path))).not.toBe(429);
    const refused = await ask('/nothing');
    expect([refused.statusCode, refused.json().type]).toEqual([429, 'urn:lexecon:problem:too-many-requests']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(statusOf(await ask('/health/live'))).toBe(200);
    expect(statusOf(await ask('/nothing', { from: '192.0.2.2' }))).toBe(404);
  });

  it('count what is refused for its form like everything else', async () => {
    server = await testServer({ LIMIT_ADDRESS: '1/h:2' });
    const asked = async (): Promise<number> => statusOf(await ask('/nothing?a=%00'));
    expect([await asked(), await asked(), await asked()]).toEqual([422, 422, 429]);
  });

  it('never refuse health, whatever else its address asked for', async () => {
    server = await testServer({ LIMIT_READ: '1/h:2' });
    const opened = async (): Promise<number> => statusOf(await ask('/'));
    expect([await opened(), await opened(), await opened()]).toEqual([302, 302, 429]);
    for (let i = 0; i < 3; i += 1) expect(statusOf(await ask('/health/live'))).toBe(200);
  });

  it('count one /64 of IPv6 as one address', async () => {
    server = await testServer({ LIMIT_ADDRESS: '1/h:2' });
    const from = (host: string) => ask('/nothing', { from: `2001:db8:1:2:${host}` }).then(statusOf);
    expect([await from(':1'), await from(':2'), await from('9:8:7:6')]).toEqual([404, 404, 429]);
    expect(statusOf(await ask('/nothing', { from: '2001:db8:1:3::1' }))).toBe(404);
  });

  it('count wrong credentials a hundredfold at their address', async () => {
    server = await testServer({ LIMIT_ADDRESS: '1/h:250' });
    const wrong = async (): Promise<number> => statusOf(await ask('/api/v1/agents', { token: 'lxk_not_a_key' }));
    expect([await wrong(), await wrong(), await wrong(), await wrong()]).toEqual([401, 401, 401, 429]);
    expect(statusOf(await ask('/api/v1/agents', { token: server.tokenFor({}), from: '192.0.2.2' }))).toBe(200);
  });

  it('are not got round by forwarding headers that nobody is trusted to send', async () => {
    server = await testServer({ LIMIT_ADDRESS: '1/h:20', SIGN_IN_REQUESTS_PER_MINUTE: '5' });
    const login = (i: number) =>
      ask('/api/v1/auth/login', {
        method: 'POST',
        body: { email: 'a@b.example', password: 'x' },
        headers: {
          'x-forwarded-for': `203.0.113.${i}`,
          forwarded: `for=203.0.113.${i}`,
          'x-real-ip': `203.0.113.${i}`,
          'true-client-ip': `203.0.113.${i}`,
          'cf-connecting-ip': `203.0.113.${i}`,
        },
      }).then(statusOf);
    const statuses = await Promise.all(Array.from({ length: 12 }, (_, i) => login(i)));
    expect(statuses.filter((status) => status !== 429).length).toBeLessThanOrEqual(5);
  });

  it('believe a proxy that TRUST_PROXY names, and only what it added itself', async () => {
    server = await testServer({ LIMIT_ADDRESS: '1/h:2', TRUST_PROXY: '10.0.0.0/8' });
    const via = (forwarded: string, from = '10.1.2.3') =>
      ask('/nothing', { from, headers: { 'x-forwarded-for': forwarded } }).then(statusOf);
    expect([await via('203.0.113.5'), await via('203.0.113.5'), await via('203.0.113.5')]).toEqual([404, 404, 429]);
    expect(await via('203.0.113.6')).toBe(404);
    // The client sent a header of its own; the proxy added the address it saw.
    expect(await via('198.51.100.1, 203.0.113.5')).toBe(429);
    expect(await via('198.51.100.2, 203.0.113.5')).toBe(429);
    // No proxy of ours: its header counts for nothing.
    for (const i of [1, 2]) await via(`198.51.100.${i}`, '203.0.113.77');
    expect(await via('198.51.100.9', '203.0.113.77')).toBe(429);
  });

  it('say of themselves how they are', async () => {
    server = await testServer();
    const health = (await ask('/health')).json();
    expect(health.components).toMatchObject({
      rate_limiter: { status: 'healthy' },
      circuit_breakers: { status: 'healthy' },
    });
  });

  it('refuse sign-in with 503 while attempts cannot be counted, and decisions go on', async () => {
    server = await testServer({ LIMITS_STORE: 'valkey://127.0.0.1:1' });
    const login = await ask('/api/v1/auth/login', { method: 'POST', body: { email: 'a@b.example', password: 'x' } });
    expect([login.statusCode, login.json().type]).toEqual([503, 'urn:lexecon:problem:limits-unavailable']);
    expect(login.headers['retry-after']).toBe('2');
    expect(statusOf(await decide(server.tokenFor({})))).toBe(200);
    const health = await ask('/health');
    expect([health.statusCode, health.json().components.rate_limiter.status]).toEqual([200, 'degraded']);
  });
});

describe('load shedding', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer({ SHED_LAG_MS: '200' });
  });
  afterAll(() => server.close());

  const request = (method: string, path: string, token: string, body = ''): string =>
    [
      `${method} ${path} HTTP/1.1`,
      'Host: lexecon',
      'Connection: close',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${String(body.length)}`,
      '',
      body,
    ].join('\r\n');

  /** A connection that is open already, so that what is written to it lies there while the loop is held. */
  async function opened(): Promise<{ write: (text: string) => void; answer: Promise<string> }> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    await new Promise((resolve) => void setTimeout(resolve, 50));
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    return { write: (sent) => void socket.write(sent), answer: once(socket, 'close').then(() => text) };
  }

  function holdLoop(ms: number): void {
    const end = performance.now() + ms;
    while (performance.now() < end);
  }

  it('refuses what arrives while the loop is held with 503, answers health, and finishes what had begun', async () => {
    const token = server.tokenFor({});
    const begun = await opened();
    const [late, health] = [await opened(), await opened()];
    const reached = new Promise<void>((resolve) => {
      server.app.getHttpServer().once('request', () => resolve());
    });
    begun.write(request('POST', '/api/v1/decisions', token, JSON.stringify(question)));
    await reached;
    await new Promise((resolve) => setImmediate(resolve));
    late.write(request('POST', '/api/v1/decisions', token, JSON.stringify(question)));
    health.write(request('GET', '/health/live', token));
    holdLoop(1_000);
    const [finished, refused, alive] = await Promise.all([begun.answer, late.answer, health.answer]);
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused.toLowerCase()).toContain('retry-after: 1');
    expect(refused).toContain('urn:lexecon:problem:overloaded');
    expect(refused).not.toContain('outcome');
    expect(alive).toMatch(/^HTTP\/1\.1 200 /);
    expect(finished).toMatch(/^HTTP\/1\.1 200 /);
    expect(finished).toContain('"outcome":"deny"');
  });

  it('takes work again once the loop turns', async () => {
    const token = server.tokenFor({});
    await new Promise((resolve) => void setTimeout(resolve, 300));
    const again = await opened();
    again.write(request('POST', '/api/v1/decisions', token, JSON.stringify(question)));
    expect(await again.answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});
