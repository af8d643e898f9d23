import { matrixOf } from '../src/permission.matrix.js';
import { routesOf } from '../src/route.list.js';
import { type Answer, call } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';

const NOWHERE = '01890000-0000-7000-8000-000000000009';

describe('every answer', () => {
  let server: TestServer;
  let token: string;
  const answers = new Map<string, Answer>();

  beforeAll(async () => {
    server = await testServer({
      LOG_LEVEL: 'error',
      TRUST_PROXY: '192.0.2.1',
      SECURITY_CONTACT: 'mailto:security@lexecon.example',
    });
    token = server.tokenFor({});
    for (const { route } of matrixOf(routesOf(server.app))) {
      const [method = '', path = ''] = route.split(' ');
      const url = path.replaceAll(/\{\w+\}|\*/g, NOWHERE);
      answers.set(route, await call(server, method, url, { token, ...(method === 'GET' ? {} : { body: {} }) }));
    }
    answers.set('a wrong address', await call(server, 'GET', '/api/v1/nowhere'));
    answers.set('no credentials', await call(server, 'GET', '/api/v1/users'));
    answers.set('a broken address', await call(server, 'GET', '/api/v1/%c0%af'));
    answers.set('the page', await call(server, 'GET', '/docs'));
    answers.set('a script of the page', await call(server, 'GET', '/docs/swagger-ui-bundle.js'));
  });
  afterAll(() => server.close());

  const without = (name: string, wanted: RegExp): readonly string[] =>
    [...answers].filter(([, { headers }]) => !wanted.test(headerOf(headers, name))).map(([what]) => what);

  it('forbids browsers to guess what it is, to frame it, to run it and to say where it came from', () => {
    expect(answers.size).toBeGreaterThan(40);
    expect(without('x-content-type-options', /^nosniff$/)).toEqual([]);
    expect(without('content-security-policy', /default-src 'none'.*base-uri 'none'/)).toEqual([]);
    expect(without('content-security-policy', /frame-ancestors 'none'; object-src 'none'/)).toEqual([]);
    expect(without('referrer-policy', /^no-referrer$/)).toEqual([]);
    expect(without('cross-origin-opener-policy', /^same-origin$/)).toEqual([]);
    expect(without('cross-origin-resource-policy', /^same-origin$/)).toEqual([]);
  });

  it('is kept by no cache, but for hashes and files that are the same for everybody', () => {
    const kept = without('cache-control', /^(no-store|private, no-store)/).filter(
      (what) => !/page|tile|keys/.test(what),
    );
    expect(kept).toEqual([]);
  });

  it('lets no other site read it: there is no CORS', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await call(server, method, '/api/v1/users', { token, headers });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it('says its type with its characters, and nothing of the software that made it', () => {
    // The page says its characters itself, in its first line.
    const typed = [...answers].filter(([what, { text }]) => text !== '' && what !== 'the page');
    const told = typed.filter(([, { headers }]) => {
      const type = String(headers['content-type']);
      return !/^application\/(problem\+json; charset=utf-8|json; charset=utf-8|octet-stream|x-ndjson)$|; charset=utf-8$/i.test(
        type,
      );
    });
    expect(told.map(([what, { headers }]) => `${what}: ${String(headers['content-type'])}`)).toEqual([]);
    expect(without('server', /^$/)).toEqual([]);
    expect(without('x-powered-by', /^$/)).toEqual([]);
  });

  it('asks browsers to stay with TLS for two years where TLS was used, and only there', async () => {
    expect(without('strict-transport-security', /^$/)).toEqual([]);
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '198.51.100.7' };
    const over = (from: string) => call(server, 'GET', '/health/live', { headers, from });
    expect((await over('192.0.2.1')).headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains');
    expect((await over('192.0.2.2')).headers['strict-transport-security']).toBeUndefined();
  });

  it('to who asks for security.txt is one that has not expired, and is found without credentials', async () => {
    const { status, headers, text } = await call(server, 'GET', '/.well-known/security.txt');
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    const expires = Date.parse(/^Expires: (.*)$/m.exec(text)?.[1] ?? '');
    expect(expires).toBeGreaterThan(Date.now());
    expect(text).toMatch(/^Contact: mailto:security@lexecon\.example$/m);
  });
});

function headerOf(headers: Answer['headers'], name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
