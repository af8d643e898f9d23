import { type Answer, call, codeAt, PASSWORD, personWith, type Sent, signedIn } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';

const ORIGIN = 'https://lexecon.example';
const tls = { 'x-forwarded-proto': 'https' };
const page = { ...tls, origin: ORIGIN, 'sec-fetch-site': 'same-origin' };

interface Cookie {
  readonly cookie: string;
  readonly csrf: string;
}

describe('sessions over HTTP', () => {
  let server: TestServer;
  let browsers = 0;

  beforeAll(async () => {
    server = await testServer({ PUBLIC_URL: ORIGIN, TRUST_PROXY: '127.0.0.1' });
    await personWith(server, 'ada@lexecon.example', ['auditor', 'policy-author']);
    await personWith(server, 'grace@lexecon.example', ['admin']);
  }, 60_000);
  afterAll(() => server.close());

  const login = (sent: Sent['headers'], session: string): Promise<Answer> =>
    call(server, 'POST', '/api/v1/auth/login', {
      headers: sent ?? {},
      body: { email: 'ada@lexecon.example', password: PASSWORD, session },
    });

  /** Signs in as a browser does; each time another person, since a code counts once. */
  async function browser(): Promise<Cookie & { readonly answer: Answer }> {
    const email = `browser${String((browsers += 1))}@lexecon.example`;
    await personWith(server, email, ['auditor', 'policy-author']);
    const body = { email, password: PASSWORD, session: 'cookie' };
    const begun = await call(server, 'POST', '/api/v1/auth/login', { headers: page, body });
    const second = { challenge: begun.body['challenge'], code: codeAt() };
    const answer = await call(server, 'POST', '/api/v1/auth/second-factor', { headers: page, body: second });
    const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    return { cookie, csrf: String(answer.body['csrfToken']), answer };
  }

  const logout = async ({ cookie, csrf }: Cookie, headers: Readonly<Record<string, string>>): Promise<Answer> =>
    call(server, 'POST', '/api/v1/auth/logout', { headers: { cookie, 'x-csrf-token': csrf, ...headers } });
  const alive = async ({ cookie }: Cookie): Promise<number> =>
    (await call(server, 'GET', '/api/v1/auth/sessions', { headers: { ...tls, cookie } })).status;

  it('are handed over as a cookie or as a bearer token, never as both', async () => {
    const { answer, cookie } = await browser();
    expect([answer.status, answer.body['session'], answer.body['token']]).toEqual([200, 'cookie', undefined]);
    expect(answer.headers['set-cookie']).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.text).not.toContain('lxs_');
    expect(cookie).toMatch(/^__Host-lexecon-session=lxs_/);
    const bearer = await signedIn(server, 'grace@lexecon.example', -1);
    expect(bearer).toMatch(/^lxs_/);
  });

  it('are no cookie without TLS, and the answer says so', async () => {
    const refused = await login({ origin: ORIGIN }, 'cookie');
    expect([refused.status, refused.body['errors']]).toEqual([422, [expect.objectContaining({ pointer: '/session' })]]);
    expect((await login(page, 'cookie')).status).toBe(200);
    // Whoever is no proxy of ours cannot say that there was TLS.
    const claimed = await call(server, 'POST', '/api/v1/auth/login', {
      headers: page,
      from: '203.0.113.9',
      body: { email: 'ada@lexecon.example', password: PASSWORD, session: 'cookie' },
    });
    expect(claimed.status).toBe(422);
  });

  it('are not begun as a cookie by another site', async () => {
    for (const origin of ['https://evil.test', 'null', 'http://lexecon.example'])
      expect((await login({ ...tls, origin }, 'cookie')).status).toBe(403);
    expect((await login(tls, 'cookie')).status).toBe(403);
  });

  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ['a form of another site', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site', 'x-csrf-token': '' }],
    ['a page of another site that knows the token', { origin: 'https://evil.test' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['a neighbouring host', { origin: 'https://app.lexecon.example', 'sec-fetch-site': 'same-site' }],
    ['a page of ours without the token', { origin: ORIGIN, 'x-csrf-token': '' }],
    ['a program without the headers of a browser', {}],
  ])('with a cookie are not ended by %s', async (_, headers) => {
    const session = await browser();
    const refused = await logout(session, { ...tls, ...headers });
    expect([refused.status, refused.body['type']]).toEqual([403, 'urn:lexecon:problem:cross-site']);
    expect(await alive(session)).toBe(200);
  });

  it('take no body but JSON, so that a form of another site cannot send one', async () => {
    const session = await browser();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const answer = await server.app.inject({
        method: 'POST',
        url: '/api/v1/policies/validate',
        headers: { ...page, cookie: session.cookie, 'x-csrf-token': session.csrf, 'content-type': type },
        payload: '{"source":"x"}',
      });
      expect([type, answer.statusCode]).toEqual([type, 415]);
    }
  });

  it('of a token that was rotated or ended are refused, whichever way it is replayed', async () => {
    const session = await browser();
    const stepped = await call(server, 'POST', '/api/v1/auth/step-up', {
      headers: { ...page, cookie: session.cookie, 'x-csrf-token': session.csrf },
      body: { code: codeAt(1) },
    });
    expect([stepped.status, stepped.body['session']]).toEqual([200, 'cookie']);
    expect(await alive(session)).toBe(401);
    const next = { cookie: String(stepped.headers['set-cookie']).split(';')[0] ?? '', csrf: '' };
    expect(await alive(next)).toBe(200);
    // The old CSRF token went with the old session token.
    expect((await logout({ ...next, csrf: session.csrf }, page)).status).toBe(403);
    const gone = await logout({ ...next, csrf: String(stepped.body['csrfToken']) }, page);
    expect([gone.status, gone.headers['set-cookie']]).toEqual([204, expect.stringContaining('Max-Age=0') as unknown]);
    expect(await alive(next)).toBe(401);
    const [, token = ''] = next.cookie.split('=');
    expect((await call(server, 'GET', '/api/v1/auth/sessions', { token })).status).toBe(401);
  });

  it('in a cookie are not looked at beside an Authorization header', async () => {
    const session = await browser();
    const sent = { headers: { ...tls, cookie: session.cookie } };
    const both = await call(server, 'GET', '/api/v1/auth/sessions', { ...sent, token: 'lxs_nobody' });
    expect(both.status).toBe(401);
    const bearer = await signedIn(server, 'ada@lexecon.example', -1);
    const asBearer = await call(server, 'GET', '/api/v1/auth/session', { ...sent, token: bearer });
    expect([asBearer.status, asBearer.body['session']]).toEqual([200, 'bearer']);
    // With the header, no CSRF proof is asked for: nothing that a browser sends by itself let the caller in.
    expect((await call(server, 'POST', '/api/v1/auth/logout', { ...sent, token: bearer })).status).toBe(204);
    expect(await alive(session)).toBe(200);
  });

  it.each([
    ['two of one name', (cookie: string) => `${cookie}; ${cookie}`],
    ['one that is too long', (cookie: string) => cookie + 'x'.repeat(8_000)],
    ['one that is no token', () => '__Host-lexecon-session=%00%E0%A4%A'],
    ['one of another name', (cookie: string) => cookie.replace('__Host-', '')],
  ])('are not found in %s, which is 401 and no fault', async (_, spoil) => {
    const { cookie } = await browser();
    expect(await alive({ cookie: spoil(cookie), csrf: '' })).toBe(401);
  });

  it('are listed, told which one is current, and ended by an administrator who says why', async () => {
    const { cookie } = await browser();
    const listed = await call(server, 'GET', '/api/v1/auth/sessions', { headers: { ...tls, cookie } });
    expect(listed.body['items']).toEqual([
      expect.objectContaining({ session: 'cookie', method: 'totp', network: '127.0.0.0/24', current: true }),
    ]);
    const own = await call(server, 'GET', '/api/v1/auth/session', { headers: { ...tls, cookie } });
    const of = `/api/v1/users/${String(own.body['account'])}/sessions`;
    const admin = server.tokenFor({});
    expect((await call(server, 'GET', of, { token: admin })).body['items']).toHaveLength(1);
    expect((await call(server, 'DELETE', of, { token: admin, body: {} })).status).toBe(422);
    const stale = server.tokenFor({ fresh: false });
    expect((await call(server, 'DELETE', of, { token: stale, body: { reason: 'stolen' } })).status).toBe(403);
    const ended = await call(server, 'DELETE', of, { token: admin, body: { reason: 'laptop stolen' } });
    expect([ended.status, ended.body]).toEqual([200, { ended: 1 }]);
    expect(await alive({ cookie, csrf: '' })).toBe(401);
  });

  it.each([
    ['POST', '/api/v1/policies/x/versions/1/approve'],
    ['POST', '/api/v1/policies/x/versions/1/activate'],
    ['POST', '/api/v1/policies/x/versions/1/retire'],
    ['DELETE', '/api/v1/resources/01890000-0000-7000-8000-000000000009'],
    ['GET', '/api/v1/ledger/export'],
    ['POST', '/api/v1/agents/01890000-0000-7000-8000-000000000009/keys'],
    ['DELETE', '/api/v1/agents/01890000-0000-7000-8000-000000000009/keys/abcdefghijkl'],
    ['POST', '/api/v1/users/01890000-0000-7000-8000-000000000009/factors/reset'],
    ['POST', '/api/v1/auth/passkeys/options'],
    ['POST', '/api/v1/auth/recovery-codes'],
  ])('need a fresh proof for %s %s', async (method, url) => {
    const token = server.tokenFor({ fresh: false });
    const refused = await call(server, method, url, { token, ...(method === 'GET' ? {} : { body: {} }) });
    expect([refused.status, refused.body['type']]).toEqual([403, 'urn:lexecon:problem:step-up-required']);
  });

  it('leave neither token nor password in the log', async () => {
    const { cookie, csrf } = await browser();
    const lines = server.log().join('\n');
    for (const secret of [cookie.split('=')[1] ?? '-', csrf, PASSWORD]) expect(lines).not.toContain(secret);
  });
});
