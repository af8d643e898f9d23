import { connect } from 'node:net';
import { HealthService } from '@lexecon/health';
import { type TestServer, testServer } from './server.testing.js';

interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly instance: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

describe('a request that cannot be answered', () => {
  let server: TestServer;
  let token: string;

  beforeAll(async () => {
    server = await testServer();
    token = server.tokenFor({});
  });
  afterAll(() => server.close());

  const send = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(server.url + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
    });
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      requestId: answer.headers.get('x-request-id'),
      retryAfter: answer.headers.get('retry-after'),
      problem: (await answer.json()) as ProblemBody,
    };
  };
  const post = (body: string, contentType = 'application/json', path = '/api/v1/agents') =>
    send(path, { method: 'POST', body, headers: { 'content-type': contentType } });

  it('gets problem+json with a documented type and its request id', async () => {
    const { status, type, requestId, problem } = await send('/nowhere', { headers: { 'x-request-id': 'my-id-1' } });
    expect(status).toBe(404);
    expect(type).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({ type: 'urn:lexecon:problem:not-found', status: 404, instance: 'my-id-1' });
    expect(requestId).toBe('my-id-1');
  });

  it('is refused for a wrong method', async () => {
    expect(await send('/health', { method: 'DELETE' })).toMatchObject({ status: 404, problem: { status: 404 } });
  });

  it('is told that its body is not JSON', async () => {
    expect(await post('{"name": ')).toMatchObject({
      status: 400,
      problem: { type: 'urn:lexecon:problem:malformed', errors: [{ pointer: '', detail: 'is not JSON' }] },
    });
  });

  it('is told what a body lacks that is empty', async () => {
    expect(await post('')).toMatchObject({ status: 422 });
  });

  it.each(['__proto__', 'constructor'])('may not reach for %s', async (name) => {
    expect((await post(`{"${name}": {"prototype": {"admin": true}}}`)).status).toBe(400);
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
  ])('may not be sent as %s', async (contentType) => {
    expect(await post('a=b', contentType)).toMatchObject({ status: 415, problem: { errors: [{ pointer: '' }] } });
  });

  it('is too large above 64 KiB', async () => {
    expect(await post(JSON.stringify({ name: 'x'.repeat(65_536) }))).toMatchObject({
      status: 413,
      problem: { type: 'urn:lexecon:problem:too-large', errors: [{ pointer: '' }] },
    });
  });

  it('is refused when it nests deeper than anything we ask for', async () => {
    const { status, problem } = await post(`{"attributes": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
    expect(status).toBe(422);
    expect(problem.errors?.[0]).toMatchObject({ pointer: expect.stringMatching(/^\/attributes(\/0)+$/) });
  });

  it.each([
    ['U+0000', '{"name":"a\\u0000b"}', '/name'],
    ['half a surrogate pair', '{"attributes":{"x":["\\ud800"]}}', '/attributes/x/0'],
  ])('may not hold %s', async (_, body, pointer) => {
    const { status, problem } = await post(body);
    expect(status).toBe(422);
    expect(problem.errors).toContainEqual({ pointer, detail: 'must not contain U+0000 or half a surrogate pair' });
  });

  it('may hold any whole character', async () => {
    const { problem } = await post('{"name":"\\ud83d\\ude00 \\u00e9"}');
    expect(JSON.stringify(problem.errors ?? [])).not.toContain('surrogate');
  });

  it('names every field that is wrong', async () => {
    const { status, problem } = await post('{"type":"robot","unheard":1}');
    expect(status).toBe(422);
    const pointers = problem.errors?.map(({ pointer }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(['/type', '/name', '/unheard']));
  });

  it('names a parameter that is wrong', async () => {
    const { status, problem } = await send('/api/v1/agents?limit=many');
    expect(status).toBe(422);
    expect(new Set(problem.errors?.map(({ pointer }) => pointer))).toEqual(new Set(['/limit']));
  });

  it('may leave out what is optional, but not send null for it', async () => {
    const { status, problem } = await post('{"from":null,"to":8}', 'application/json', '/api/v1/ledger/verify');
    expect(status).toBe(422);
    expect(problem.errors).toEqual([{ pointer: '/from', detail: 'from must not be null' }]);
  });

  it('may hold null in free JSON', async () => {
    const agent = {
      type: 'agent',
      name: 'null-bot',
      owner: 'team',
      purpose: 'tests',
      roles: [],
      attributes: { a: null },
    };
    expect(JSON.stringify((await post(JSON.stringify(agent))).problem.errors ?? [])).not.toContain('must not be null');
  });

  it('may not hide U+0000 in its address', async () => {
    expect(await send('/api/v1/agents?cursor=%00')).toMatchObject({
      status: 422,
      problem: { errors: [{ pointer: '/cursor' }] },
    });
    expect((await send('/api/v1/agents/%00')).status).toBe(422);
  });

  it('may not hide U+0000 in a cursor', async () => {
    const cursor = Buffer.from('a\0').toString('base64url');
    expect(await send(`/api/v1/policies?cursor=${cursor}`)).toMatchObject({
      status: 422,
      problem: { errors: [{ pointer: '/cursor' }] },
    });
  });

  it.each(['/%ff', '/%', '/api/v1/agents/%E0%A4%A'])('gets 400 for the address %s', async (path) => {
    expect(await send(path)).toMatchObject({ status: 400, problem: { errors: [{ pointer: '' }] } });
  });

  it('gets 414 for a parameter without end', async () => {
    expect((await send(`/api/v1/agents/${'x'.repeat(2000)}`)).status).toBe(414);
  });

  it('gets 401 without credentials and is told how to come in', async () => {
    const answer = await fetch(`${server.url}/api/v1/agents`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(await answer.json()).toMatchObject({ type: 'urn:lexecon:problem:unauthenticated' });
  });

  it('gets 403 without the permission', async () => {
    token = server.tokenFor({ permissions: new Set() });
    expect(await send('/api/v1/agents')).toMatchObject({
      status: 403,
      problem: { type: 'urn:lexecon:problem:forbidden' },
    });
    token = server.tokenFor({});
  });

  it.each([
    ['no HTTP at all', 'GARBAGE\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a header that cannot be', 'GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ])('gets a problem for %s', async (_, bytes, status) => {
    const raw = await sendRaw(new URL(server.url), bytes);
    expect(raw).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
    expect(raw).toContain('application/problem+json');
    expect(JSON.parse(raw.slice(raw.indexOf('\r\n\r\n')))).toMatchObject({ status, instance: expect.any(String) });
  });

  it('gets a 500 that tells nothing when the fault is ours, and the log tells more under the same id', async () => {
    const { status, problem } = await faultOf(server);
    expect(status).toBe(500);
    expect(problem).toMatchObject({ type: 'urn:lexecon:problem:fault' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
    const logged = server.log().filter((line) => line.includes(problem.instance));
    expect(logged.some((line) => line.includes('"level":"error"') && line.includes('RangeError'))).toBe(true);
    expect(logged.join('')).not.toContain('hunter2');
  });

  const faultOf = async ({ app }: TestServer) => {
    const health = app.get(HealthService);
    const report = health.report.bind(health);
    health.report = () => Promise.reject(new RangeError('the password "hunter2" is out of range'));
    const answer = await send('/health');
    health.report = report;
    return answer;
  };
});

describe('an address that signs in too often', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer({ SIGN_IN_REQUESTS_PER_MINUTE: '2' });
  });
  afterAll(() => server.close());

  it('is told when to come back, while the rest of the API goes on', async () => {
    const body = JSON.stringify({ email: 'a@b.example', password: 'not the password' });
    const signIn = () =>
      server.app.inject({
        method: 'POST',
        url: '/api/v1/auth/login',
        headers: { 'content-type': 'application/json' },
        payload: body,
      });
    expect([(await signIn()).statusCode, (await signIn()).statusCode]).not.toContain(429);
    const { statusCode, headers, json } = await signIn();
    expect(statusCode).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(json()).toMatchObject({ type: 'urn:lexecon:problem:too-many-requests' });
    expect((await server.app.inject('/health/live')).statusCode).toBe(200);
  });

  it.each([
    ['an escape in its path', ''],
    ['its host in the request line', 'http://lexecon.example'],
  ])('is not let through for %s', async (_, origin) => {
    const { host } = new URL(server.url);
    const path = origin === '' ? '/api/v1/%61uth/login' : '/api/v1/auth/login';
    const body = JSON.stringify({ email: 'a@b.example', password: 'not the password' });
    const head = `POST ${origin}${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close`;
    const fields = `Content-Type: application/json\r\nContent-Length: ${String(body.length)}`;
    const answers: string[] = [];
    for (let i = 0; i < 3; i += 1)
      answers.push(await sendRaw(new URL(server.url), `${head}\r\n${fields}\r\n\r\n${body}`));
    expect(answers.at(-1)).toMatch(/^HTTP\/1\.1 429 /);
  });
});

const sendRaw = ({ hostname, port }: URL, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
