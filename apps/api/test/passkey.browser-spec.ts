import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';
import { invitationOf, PASSWORD } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';
import { tlsFront, type TlsFront } from './tls.front.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // The certificate of the front is its own.
  '--ignore-certificate-errors',
];

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a page of the product does: it sends JSON, with the headers that the test names. */
const post = (
  page: Page,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  page.evaluate(
    async ([url, sent, more]) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...more },
        body: JSON.stringify(sent),
      });
      const text = await answer.text();
      return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] };
    },
    [path, body, headers] as const,
  );

/** What of a browser the functions use that run in it. */
interface Credential {
  toJSON(): unknown;
}
declare const navigator: {
  readonly credentials: {
    create(options: { readonly publicKey: unknown }): Promise<Credential>;
    get(options: { readonly publicKey: unknown }): Promise<Credential>;
  };
};
declare const PublicKeyCredential: {
  parseCreationOptionsFromJSON(json: unknown): unknown;
  parseRequestOptionsFromJSON(json: unknown): unknown;
};
declare const document: {
  readonly cookie: string;
  readonly body: { append(child: object): void };
  createElement(name: 'form'): { method: string; action: string; enctype: string; submit(): void };
};

const create = (page: Page, options: unknown): Promise<unknown> =>
  page.evaluate(async (json) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }, options);

/** `userVerification` other than what the server asked for: what a page that is not ours may try. */
const use = (page: Page, options: unknown, userVerification?: string): Promise<unknown> =>
  page.evaluate(
    async ([json, other]) => {
      const asked = { ...(json as object), ...(other && { userVerification: other }) };
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
      return (await navigator.credentials.get({ publicKey })).toJSON();
    },
    [options, userVerification] as const,
  );

const csrfTokenOf = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const answer = await fetch('/api/v1/auth/session');
    return ((await answer.json()) as { readonly csrfToken: string }).csrfToken;
  });

describe('in a real browser', () => {
  let server: TestServer;
  let front: TlsFront;
  let browser: Browser;
  let page: Page;
  let devtools: CDPSession;
  let authenticatorId: string;
  let recoveryCodes: readonly string[];

  beforeAll(async () => {
    front = await tlsFront();
    server = await testServer({ PUBLIC_URL: front.origin, TRUST_PROXY: '127.0.0.1' });
    front.lead(server.url);
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
    page = await (await browser.newContext()).newPage();
    await page.goto(`${front.origin}/page`);
    devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    } as const;
    ({ authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options }));
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await server.close();
    await front.close();
  });

  const verified = (isUserVerified: boolean) =>
    devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  const sessionCookie = async () =>
    (await page.context().cookies()).find(({ name }) => name === '__Host-lexecon-session');

  it('a passkey is made as the first second factor', async () => {
    const token = await invitationOf(server, 'ada@lexecon.example', 'auditor');
    const begun = await post(page, '/api/v1/auth/activate', { token, password: PASSWORD });
    expect([begun.status, begun.body['next']]).toEqual([200, 'enrolment']);
    const { enrolment } = begun.body;
    const options = await post(page, '/api/v1/auth/enrolment/passkey/options', { enrolment });
    const attestation = await create(page, options.body);
    const done = await post(page, '/api/v1/auth/enrolment/passkey', { enrolment, attestation, label: 'browser' });
    expect([done.status, done.body['session']]).toEqual([200, 'bearer']);
    recoveryCodes = done.body['recoveryCodes'] as readonly string[];
    expect(recoveryCodes).toHaveLength(10);
    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
    expect(credentials).toEqual([expect.objectContaining({ isResidentCredential: true, rpId: 'localhost' })]);
  });

  it('a passkey signs in alone', async () => {
    const options = await post(page, '/api/v1/auth/passkey/options', {});
    const assertion = await use(page, options.body);
    const done = await post(page, '/api/v1/auth/passkey', { assertion });
    expect([done.status, done.body['session']]).toEqual([200, 'bearer']);
    expect((await post(page, '/api/v1/auth/passkey', { assertion })).status).toBe(401);
  });

  it('a passkey is the second factor after the password, and steps up; the old token is refused', async () => {
    const login = await post(page, '/api/v1/auth/login', { email: 'ada@lexecon.example', password: PASSWORD });
    const { challenge, passkey } = login.body;
    const second = await post(page, '/api/v1/auth/second-factor', { challenge, assertion: await use(page, passkey) });
    expect(second.status).toBe(200);
    const bearer = { authorization: `Bearer ${String(second.body['token'])}` };
    const options = await post(page, '/api/v1/auth/step-up/options', {}, bearer);
    const stepped = await post(page, '/api/v1/auth/step-up', { assertion: await use(page, options.body) }, bearer);
    expect(stepped.status).toBe(200);
    const next = { authorization: `Bearer ${String(stepped.body['token'])}` };
    expect((await post(page, '/api/v1/auth/step-up/options', {}, bearer)).status).toBe(401);
    expect((await post(page, '/api/v1/auth/step-up/options', {}, next)).status).toBe(200);
  });

  it('an authenticator that does not verify the person is of no use: the browser refuses, and so does the server', async () => {
    await verified(false);
    try {
      const options = await post(page, '/api/v1/auth/passkey/options', {});
      await expect(use(page, options.body)).rejects.toThrow('NotAllowedError');
      const assertion = await use(page, options.body, 'discouraged');
      expect((await post(page, '/api/v1/auth/passkey', { assertion })).status).toBe(401);
    } finally {
      await verified(true);
    }
  });

  it('a session comes as a cookie that scripts cannot read, and as no token', async () => {
    const options = await post(page, '/api/v1/auth/passkey/options', {});
    const assertion = await use(page, options.body);
    const done = await post(page, '/api/v1/auth/passkey', { assertion, session: 'cookie' });
    expect([done.status, done.body['session'], done.body['token']]).toEqual([200, 'cookie', undefined]);
    expect(await sessionCookie()).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
    expect(await page.evaluate(() => document.cookie)).toBe('');
    const read = await page.evaluate(async () => (await fetch('/api/v1/auth/session')).status);
    expect(read).toBe(200);
  });

  it('a write with the cookie needs the page’s CSRF token', async () => {
    const refused = await post(page, '/api/v1/auth/step-up/options', {});
    expect([refused.status, refused.body['type']]).toEqual([403, 'urn:lexecon:problem:cross-site']);
    const csrfToken = await csrfTokenOf(page);
    const sent = { 'x-csrf-token': csrfToken };
    expect((await post(page, '/api/v1/auth/step-up/options', {}, sent)).status).toBe(200);
  });

  it('another site’s form and fetch do nothing with the cookie', async () => {
    const evil = await page.context().newPage();
    await evil.route('http://evil.test/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>evil</title>' }),
    );
    await evil.goto('http://evil.test/');
    const logout = `${front.origin}/api/v1/auth/logout`;
    // The browser may refuse to send it at all (a page elsewhere that calls this machine).
    const fetched = await evil.evaluate(
      (url) =>
        fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors' }).then(
          ({ type }) => type,
          () => 'refused',
        ),
      logout,
    );
    expect(['opaque', 'refused']).toContain(fetched);
    const [answer] = await Promise.all([
      evil.waitForResponse((response) => response.url() === logout && response.request().isNavigationRequest()),
      evil.evaluate((action) => {
        const form = Object.assign(document.createElement('form'), { method: 'post', action, enctype: 'text/plain' });
        document.body.append(form);
        form.submit();
      }, logout),
    ]);
    expect(answer.status()).toBeGreaterThanOrEqual(400);
    await evil.close();
    const still = await page.evaluate(async () => (await fetch('/api/v1/auth/session')).status);
    expect(still).toBe(200);
  });

  it('logging out takes the cookie back', async () => {
    const csrfToken = await csrfTokenOf(page);
    const out = await page.evaluate(
      async (token) =>
        (await fetch('/api/v1/auth/logout', { method: 'POST', headers: { 'x-csrf-token': token } })).status,
      csrfToken,
    );
    expect(out).toBe(204);
    expect(await sessionCookie()).toBeUndefined();
    expect(await page.evaluate(async () => (await fetch('/api/v1/auth/session')).status)).toBe(401);
  });
});
