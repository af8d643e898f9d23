import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { DataSource } from 'typeorm';
import { type TestPerson, TestBrowser, type TestProvider, testProvider, testRelay } from './oidc.testing.js';
import { call, personWith, signedIn } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';

const ada: TestPerson = {
  sub: 'ada-1',
  email: 'ada@acme.example',
  email_verified: true,
  groups: ['auditors'],
  amr: ['mfa'],
};

describe('signing in at an identity provider', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-sso-'));
  let relay: Awaited<ReturnType<typeof testRelay>>;
  let acme: TestProvider;
  let umbrella: TestProvider;
  let server: TestServer;
  let database: DataSource;

  beforeAll(async () => {
    relay = await testRelay();
    acme = await testProvider({ relay: relay.url, name: 'acme', clientSecret: 'secret-of-acme' });
    umbrella = await testProvider({
      relay: relay.url,
      name: 'umbrella',
      clientSecret: 'secret-of-umbrella',
      algorithm: 'RS256',
      thin: true,
    });
    writeFileSync(join(folder, 'acme.secret'), 'secret-of-acme\n');
    writeFileSync(join(folder, 'umbrella.secret'), 'secret-of-umbrella');
    const common = { clientId: 'lexecon', scopes: ['openid', 'email', 'groups'], createPeople: true };
    const roles = { auditors: ['auditor'], owners: ['admin'], reviewers: ['reviewer', 'auditor'] };
    const providers = [
      {
        ...common,
        name: 'acme',
        issuer: acme.issuer,
        clientSecretFile: 'acme.secret',
        roles,
        emailDomains: ['acme.example'],
        secondFactor: { amr: ['mfa'] },
      },
      {
        ...common,
        name: 'umbrella',
        issuer: umbrella.issuer,
        clientSecretFile: 'umbrella.secret',
        roles: { auditors: ['operator'] },
        emailDomains: ['umbrella.example'],
        secondFactor: 'local',
      },
    ];
    writeFileSync(join(folder, 'providers.json'), JSON.stringify(providers));
    server = await testServer({ PUBLIC_URL: relay.url, OIDC_PROVIDERS_FILE: join(folder, 'providers.json') });
    relay.leadTo(server.url);
    database = server.app.get(DataSource);
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await Promise.all([acme.close(), umbrella.close(), relay.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (name = 'acme'): string => `${relay.url}/api/v1/auth/oidc/${name}`;
  const atCallback = (url: string): boolean => url.includes('/callback?');
  const signIn = async (person: TestPerson, browser = new TestBrowser()) => {
    acme.signInAs(person);
    return browser.go(start());
  };
  const rolesOf = async (email: string): Promise<readonly string[]> => {
    const rows = await database.query<{ role: string }[]>(
      `SELECT g.role FROM identity.role_grant g JOIN identity.account a ON a.id = g.account_id
       WHERE a.email = $1 AND g.ended_at IS NULL AND g.ends_at > now() ORDER BY g.role`,
      [email],
    );
    return rows.map(({ role }) => role);
  };
  const statusOf = async (token: unknown, path = '/api/v1/users'): Promise<number> =>
    (await fetch(server.url + path, { headers: { authorization: `Bearer ${String(token)}` } })).status;

  /** What anybody may read of the ledger. */
  const openRecords = async (): Promise<string> =>
    (await database.query<{ body: Buffer | null }[]>('SELECT body FROM ledger.payload'))
      .map(({ body }) => body?.toString('utf8') ?? '')
      .join('\n');

  it('gives a session with the roles of the person’s groups', async () => {
    const { status, body, hops } = await signIn(ada);
    expect([status, body]).toEqual([200, expect.objectContaining({ session: 'bearer' })]);
    const asked = new URL(hops[1] ?? '').searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${relay.url}/api/v1/auth/oidc/acme/callback`,
    });
    expect(asked.get('state')).toMatch(/^.{43}$/);
    expect(asked.get('nonce')).toMatch(/^.{43}$/);
    expect(await rolesOf('ada@acme.example')).toEqual(['auditor']);
    expect(await statusOf(body['token'])).toBe(200);
  });

  it('asks for the second factor here unless the provider has seen one', async () => {
    const { status, body } = await signIn({ ...ada, sub: 'eve-1', email: 'eve@acme.example', amr: ['pwd'] });
    expect([status, body['next']]).toEqual([200, 'enrolment']);
    expect(body['token']).toBeUndefined();
  });

  it('knows a person by who the provider says they are, not by their e-mail', async () => {
    const first = await signIn({ ...ada, sub: 'grace-1', email: 'grace@acme.example' });
    const again = await signIn({ ...ada, sub: 'grace-1', email: 'other@acme.example' });
    const heir = await signIn({ ...ada, sub: 'grace-2', email: 'grace@acme.example' });
    expect([first.status, again.status, heir.status]).toEqual([200, 200, 403]);
    expect(await rolesOf('other@acme.example')).toEqual([]);
    expect(heir.body['type']).toBe('urn:lexecon:problem:no-account');
  });

  it('takes roles away at the next sign-in when the group is gone, and gives none for a group it does not know', async () => {
    await signIn({ ...ada, sub: 'joan-1', email: 'joan@acme.example', groups: ['reviewers', 'golfers', '__proto__'] });
    expect(await rolesOf('joan@acme.example')).toEqual(['auditor', 'reviewer']);
    await signIn({ ...ada, sub: 'joan-1', groups: ['auditors'] });
    expect(await rolesOf('joan@acme.example')).toEqual(['auditor']);
    await signIn({ ...ada, sub: 'joan-1', groups: [] });
    expect(await rolesOf('joan@acme.example')).toEqual([]);
  });

  it('makes no third administrator: that person comes in without the role, on record', async () => {
    for (const name of ['owner-1', 'owner-2', 'owner-3'])
      expect(
        (await signIn({ ...ada, sub: name, email: `${name}@acme.example`, groups: ['owners', 'auditors'] })).status,
      ).toBe(200);
    const roles = await Promise.all(['owner-1', 'owner-2', 'owner-3'].map((name) => rolesOf(`${name}@acme.example`)));
    expect(roles.flat().filter((role) => role === 'admin').length).toBeLessThanOrEqual(2);
    expect(roles[2]).toEqual(['auditor']);
    expect(await openRecords()).toContain('there are two administrators');
  });

  describe('links nobody by an e-mail address', () => {
    const invite = async (email: string): Promise<void> => {
      await database.query(
        `INSERT INTO identity.account (id, email, roles, justification, status) VALUES (gen_random_uuid(), $1, '{}', 'invited', 'invited')`,
        [email],
      );
    };
    const stateOf = async (email: string): Promise<string | undefined> =>
      (await database.query<{ status: string }[]>('SELECT status FROM identity.account WHERE email = $1', [email]))[0]
        ?.status;

    it('that the provider has verified is one of its domains: then an invited person is linked', async () => {
      await invite('hedy@acme.example');
      expect((await signIn({ ...ada, sub: 'hedy-1', email: 'Hedy@Acme.example' })).status).toBe(200);
      expect(await stateOf('hedy@acme.example')).toBe('active');
    });

    it.each([
      ['is not verified', { email: 'victim@acme.example', email_verified: false }],
      [
        'is said to be verified in other words',
        { email: 'victim@acme.example', email_verified: 'true' as unknown as boolean },
      ],
      [
        'says nothing of being verified',
        { email: 'victim@acme.example', email_verified: undefined as unknown as boolean },
      ],
      ['is of a domain the provider is not believed for', { email: 'victim@other.example', email_verified: true }],
      ['only ends like its domain', { email: 'victim@evil-acme.example', email_verified: true }],
      ['has a domain in its local part', { email: 'victim@acme.example@other.example', email_verified: true }],
    ])('that %s', async (_, claims) => {
      for (const email of ['victim@acme.example', 'victim@other.example', 'victim@evil-acme.example'])
        if ((await stateOf(email)) === undefined) await invite(email);
      const { status } = await signIn({
        sub: `mallory-${String(Math.random())}`,
        amr: ['mfa'],
        groups: ['owners'],
        ...claims,
      });
      expect(status).toBe(403);
      for (const email of ['victim@acme.example', 'victim@other.example', 'victim@evil-acme.example'])
        expect(await stateOf(email)).toBe('invited');
    });

    it('when the account has a password already', async () => {
      const answer = await signIn({ sub: 'host-1', email: 'host@lexecon.example', email_verified: true, amr: ['mfa'] });
      expect(answer.status).toBe(403);
    });
  });

  it('links an identity to the account of whoever is signed in, and to no second one', async () => {
    await personWith(server, 'ruth@elsewhere.example', ['reviewer']);
    await personWith(server, 'rose@elsewhere.example', ['reviewer']);
    const link = async (email: string) => {
      acme.signInAs({ ...ada, sub: 'ruth-1', email: 'ruth@personal.example', email_verified: false, groups: [] });
      const browser = new TestBrowser();
      const token = await signedIn(server, email);
      const { status, body } = await browser.post(`${start()}/link`, { authorization: `Bearer ${token}` });
      expect(status).toBe(200);
      return browser.go(String(body['location']));
    };
    expect((await link('ruth@elsewhere.example')).status).toBe(200);
    expect(await rolesOf('ruth@elsewhere.example')).toEqual(['reviewer']);
    const again = await signIn({ ...ada, sub: 'ruth-1', email: 'other@personal.example', groups: ['auditors'] });
    expect(again.status).toBe(200);
    expect(await rolesOf('ruth@elsewhere.example')).toEqual(['auditor', 'reviewer']);
    expect((await link('rose@elsewhere.example')).status).toBe(409);
    expect((await fetch(`${start()}/link`, { method: 'POST' })).status).toBe(401);
  });

  it('links nothing once the session that began it has ended', async () => {
    await personWith(server, 'rita@elsewhere.example', ['reviewer']);
    acme.signInAs({ ...ada, sub: 'rita-1', email: 'rita@personal.example', groups: [] });
    const browser = new TestBrowser();
    const token = await signedIn(server, 'rita@elsewhere.example');
    const { body } = await browser.post(`${start()}/link`, { authorization: `Bearer ${token}` });
    expect((await call(server, 'POST', '/api/v1/auth/logout', { token })).status).toBe(204);
    expect((await browser.go(String(body['location']))).status).toBe(403);
    expect(await database.query(`SELECT 1 FROM identity.external_identity WHERE subject = 'rita-1'`)).toEqual([]);
  });

  it('ends the session that the browser held: the new cookie takes its place', async () => {
    const origin = 'https://lexecon.example';
    const globex = await testProvider({ relay: origin, name: 'globex', clientSecret: 'secret-of-globex' });
    const own = { issuer: globex.issuer, clientSecretFile: 'globex.secret', secondFactor: { amr: ['mfa'] } };
    const scopes = ['openid', 'email', 'groups'];
    const terms = { name: 'globex', clientId: 'lexecon', scopes, createPeople: true, roles: { auditors: ['auditor'] } };
    writeFileSync(join(folder, 'globex.secret'), 'secret-of-globex');
    writeFileSync(
      join(folder, 'globex.json'),
      JSON.stringify([{ ...terms, ...own, emailDomains: ['globex.example'] }]),
    );
    const site = await testServer(
      { PUBLIC_URL: origin, TRUST_PROXY: '127.0.0.1', OIDC_PROVIDERS_FILE: join(folder, 'globex.json') },
      server,
    );
    try {
      globex.signInAs({ ...ada, sub: 'gina-1', email: 'gina@globex.example' });
      const ask = (url: string, cookie: string) =>
        call(site, 'GET', url, { headers: { 'x-forwarded-proto': 'https', cookie } });
      const cookiesIn = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string =>
        [headers['set-cookie']]
          .flat()
          .map((line) => String(line).split(';')[0])
          .join('; ');
      /** The session's cookie is Strict: it comes with the beginning, and not with the callback that another site leads to. */
      const enter = async (held: string): Promise<string> => {
        const begun = await ask('/api/v1/auth/oidc/globex?session=cookie', held);
        const { hops } = await new TestBrowser().go(String(begun.headers['location']), atCallback);
        const answer = await ask(String(hops.at(-1)).slice(origin.length), cookiesIn(begun));
        expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
        return /__Host-lexecon-session=[^;]+/.exec(cookiesIn(answer))?.[0] ?? '';
      };
      const alive = async (cookie: string): Promise<number> => (await ask('/api/v1/auth/session', cookie)).status;
      const first = await enter('');
      expect(await alive(first)).toBe(200);
      const second = await enter(first);
      expect([await alive(first), await alive(second)]).toEqual([401, 200]);
    } finally {
      await site.close();
      await globex.close();
    }
  });

  it('counts as fresh only when the provider has asked for the proof just now', async () => {
    const browser = new TestBrowser();
    const owner = { ...ada, sub: 'owner-1', email: 'owner-1@acme.example', groups: ['owners'] };
    acme.signInAs({ ...owner, provedAt: Math.floor(Date.now() / 1000) - 3_600 });
    const fresh = async (url: string): Promise<number> => {
      const { body } = await browser.go(url);
      const answer = await call(server, 'POST', '/api/v1/users', { token: String(body['token']), body: {} });
      return answer.status;
    };
    expect(await fresh(start())).toBe(403);
    acme.signInAs(owner);
    expect(await fresh(start())).toBe(403);
    expect(await fresh(`${start()}?prompt=login`)).toBe(422);
  });

  describe('refuses', () => {
    /** A callback's address, as the browser is about to ask for it. */
    const upToCallback = async (browser: TestBrowser, change: (url: URL) => void = () => undefined): Promise<URL> => {
      acme.signInAs({ ...ada, sub: 'ada-1' });
      const toProvider = new URL((await browser.go(start(), (url) => url.startsWith(acme.issuer))).hops.at(-1) ?? '');
      change(toProvider);
      return new URL((await browser.go(toProvider.href, atCallback)).hops.at(-1) ?? '');
    };
    const failures = async (): Promise<number> => {
      const [row] = await database.query<{ count: number }[]>(
        `SELECT count(*)::int AS count FROM identity.access_event WHERE event = 'login-failed'`,
      );
      return row?.count ?? 0;
    };

    it('a state that nobody was given', async () => {
      const browser = new TestBrowser();
      const url = await upToCallback(browser);
      url.searchParams.set('state', 'x'.repeat(43));
      expect((await browser.go(url.href)).status).toBe(401);
    });

    it('a callback of a sign-in that another browser began, and leaves that one as it is', async () => {
      const attacker = new TestBrowser();
      const url = await upToCallback(attacker);
      const victim = new TestBrowser();
      expect((await victim.go(url.href)).status).toBe(401);
      await upToCallback(victim);
      expect((await victim.go(url.href)).status).toBe(401);
      expect((await attacker.go(url.href)).status).toBe(200);
    });

    it('a callback that was used', async () => {
      const browser = new TestBrowser();
      const url = await upToCallback(browser);
      expect((await browser.go(url.href)).status).toBe(200);
      expect((await browser.go(url.href)).status).toBe(401);
    });

    it('one of two callbacks at the same time', async () => {
      const browser = new TestBrowser();
      const url = await upToCallback(browser);
      const answers = await Promise.all([1, 2, 3, 4].map(() => browser.go(url.href)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    });

    it('a code that belongs to another sign-in', async () => {
      const [mine, stolen] = [new TestBrowser(), new TestBrowser()];
      const [url, other] = [await upToCallback(mine), await upToCallback(stolen)];
      url.searchParams.set('code', other.searchParams.get('code') ?? '');
      const before = await failures();
      const { status, body } = await mine.go(url.href);
      expect([status, body['type']]).toEqual([401, 'urn:lexecon:problem:not-accepted']);
      expect(JSON.stringify(body)).not.toMatch(/grant|code_verifier|invalid_/);
      expect(await failures()).toBe(before + 1);
    });

    it('a nonce that is not the one it gave', async () => {
      const browser = new TestBrowser();
      const url = await upToCallback(browser, ({ searchParams }) => searchParams.set('nonce', 'another'));
      expect((await browser.go(url.href)).status).toBe(401);
    });

    it('a code that was asked for without PKCE, or with another challenge', async () => {
      for (const change of [
        ({ searchParams }: URL) => {
          searchParams.delete('code_challenge');
          searchParams.delete('code_challenge_method');
        },
        ({ searchParams }: URL) => searchParams.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'),
      ]) {
        const browser = new TestBrowser();
        expect((await browser.go((await upToCallback(browser, change)).href)).status).toBe(401);
      }
    });

    it('an answer of another issuer, or of none where the provider names itself', async () => {
      for (const change of [
        (url: URL) => url.searchParams.set('iss', umbrella.issuer),
        (url: URL) => url.searchParams.delete('iss'),
      ]) {
        const browser = new TestBrowser();
        const url = await upToCallback(browser);
        change(url);
        expect((await browser.go(url.href)).status).toBe(401);
      }
    });

    it('a callback at another provider than the one it began with', async () => {
      const browser = new TestBrowser();
      const url = await upToCallback(browser);
      url.pathname = '/api/v1/auth/oidc/umbrella/callback';
      expect((await browser.go(url.href)).status).toBe(401);
    });

    it('parameters that come twice, and an error of the provider without repeating its words', async () => {
      const browser = new TestBrowser();
      const url = await upToCallback(browser);
      url.searchParams.append('code', 'another');
      expect((await browser.go(url.href)).status).toBe(401);
      const denied = await upToCallback(browser);
      denied.searchParams.delete('code');
      denied.searchParams.set('error', 'access_denied');
      denied.searchParams.set('error_description', 'hunter2');
      const { status, body } = await browser.go(denied.href);
      expect([status, JSON.stringify(body).includes('hunter2')]).toEqual([401, false]);
      expect(server.log().join('')).not.toContain('hunter2');
    });

    it('a provider it does not know', async () => {
      expect((await new TestBrowser().go(start('nobody'))).status).toBe(404);
    });

    it('an account that was disabled', async () => {
      const person = { ...ada, sub: 'dora-1', email: 'dora@acme.example' };
      expect((await signIn(person)).status).toBe(200);
      await database.query(`UPDATE identity.account SET status = 'disabled' WHERE email = 'dora@acme.example'`);
      expect((await signIn(person)).status).toBe(403);
    });
  });

  describe('a second provider', () => {
    const person: TestPerson = {
      sub: 'ada-1',
      email: 'ada@umbrella.example',
      email_verified: true,
      groups: ['auditors'],
      amr: ['mfa'],
    };

    it('is another world: the same subject is another person, and its claims may come from userinfo', async () => {
      umbrella.signInAs(person);
      const { status, body } = await new TestBrowser().go(start('umbrella'));
      expect([status, body['next']]).toEqual([200, 'enrolment']);
      expect(await rolesOf('ada@umbrella.example')).toEqual(['operator']);
      expect(await rolesOf('ada@acme.example')).toEqual(['auditor']);
    });

    it('is not believed about a second factor unless the settings say so, nor about domains of the first', async () => {
      umbrella.signInAs({ ...person, sub: 'trojan', email: 'owner-9@acme.example' });
      expect((await new TestBrowser().go(start('umbrella'))).status).toBe(403);
    });
  });

  describe('a logout at the provider', () => {
    const person = { ...ada, sub: 'lise-1', email: 'lise@acme.example' };
    const post = async (token: string, name = 'acme'): Promise<{ status: number; body: string }> => {
      const answer = await fetch(`${start(name)}/backchannel-logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      });
      return { status: answer.status, body: await answer.text() };
    };
    const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
      iss: acme.issuer,
      aud: 'lexecon',
      sub: 'lise-1',
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 120,
      jti: `jti-${String(Math.random())}`,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      ...more,
    });
    const signed = (payload: Record<string, unknown>): Promise<string> =>
      new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'test', typ: 'logout+jwt' }).sign(acme.privateKey);

    it('ends every session of the person, and what they were about to confirm', async () => {
      const { body } = await signIn(person);
      const pending = await signIn({ ...person, amr: ['pwd'] });
      expect(await statusOf(body['token'])).toBe(200);
      await acme.logOut('lise-1');
      expect(await statusOf(body['token'])).toBe(401);
      const confirm = await fetch(`${server.url}/api/v1/auth/totp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ enrolment: pending.body['enrolment'], code: '000000' }),
      });
      expect(confirm.status).toBe(401);
    });

    it('counts once', async () => {
      const token = await signed(claims());
      expect((await post(token)).status).toBe(200);
      expect((await post(token)).status).toBe(400);
    });

    it('is taken with the type of the standard, a general one or none', async () => {
      for (const typ of ['application/logout+jwt', 'JWT', undefined]) {
        const header = { alg: 'RS256', kid: 'test', ...(typ !== undefined && { typ }) };
        const token = await new SignJWT(claims()).setProtectedHeader(header).sign(acme.privateKey);
        expect([typ, (await post(token)).status]).toEqual([typ, 200]);
      }
    });

    it('of one who was never here is fine', async () => {
      expect((await post(await signed(claims({ sub: 'never-here' })))).status).toBe(200);
    });

    it('is refused in any other form, and ends nothing', async () => {
      const { body } = await signIn(person);
      const plain = Buffer.from(JSON.stringify({ alg: 'none', typ: 'logout+jwt' })).toString('base64url');
      const payload = Buffer.from(JSON.stringify(claims())).toString('base64url');
      const publicPem = Buffer.from(await exportSPKI(acme.publicKey));
      const hmac = (key: Uint8Array) =>
        new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'test' }).sign(key);
      const foreign = await generateKeyPair('RS256');
      const tokens = [
        `${plain}.${payload}.`,
        await hmac(publicPem),
        await hmac(Buffer.from('secret-of-acme-padded-to-32-bytes')),
        await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'test' }).sign(foreign.privateKey),
        await new SignJWT(claims())
          .setProtectedHeader({ alg: 'PS256', kid: 'test' })
          .sign(await asPs256(acme.privateKey)),
        await signed(claims({ iss: umbrella.issuer })),
        await signed(claims({ aud: 'somebody-else' })),
        await signed(claims({ iat: Math.floor(Date.now() / 1000) - 3600, exp: undefined })),
        await signed(claims({ iat: Math.floor(Date.now() / 1000) + 3600 })),
        await signed(claims({ exp: Math.floor(Date.now() / 1000) - 60 })),
        await signed(claims({ events: {} })),
        await signed(claims({ events: undefined })),
        await signed(claims({ nonce: 'n' })),
        await signed(claims({ jti: undefined })),
        await signed(claims({ iat: undefined })),
        await signed(claims({ sub: undefined })),
        await new SignJWT(claims())
          .setProtectedHeader({ alg: 'RS256', kid: 'test', typ: 'at+jwt' })
          .sign(acme.privateKey),
        'not a token',
      ];
      const answers = await Promise.all(tokens.map((token) => post(token)));
      expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 400));
      expect(answers.every(({ body: text }) => text.includes('/logout_token'))).toBe(true);
      expect((await post(await signed(claims()), 'umbrella')).status).toBe(400);
      expect(await statusOf(body['token'])).toBe(200);
    });

    it('is taken as a form here, and forms are taken nowhere else', async () => {
      const form = { method: 'POST', body: new URLSearchParams({ email: 'a@b.example', password: 'x' }) };
      expect((await fetch(`${server.url}/api/v1/auth/login`, form)).status).toBe(415);
      expect((await fetch(`${start()}/backchannel-logout`, form)).status).toBe(400);
    });
  });

  it('is on record with the provider’s name and without the person’s', async () => {
    const open = await openRecords();
    for (const event of [
      'identity-linked',
      'login',
      'login-failed',
      'person-provisioned',
      'provider-login',
      'provider-logout',
      'roles-from-groups',
    ])
      expect(open).toContain(`"${event}"`);
    expect(open).toContain('"acme"');
    expect(open).not.toMatch(/ada-1|acme\.example|lise|127\.0\.0\.1/);
  });

  it('says 503 while the provider does not answer, and works again when it does', async () => {
    const browser = new TestBrowser();
    acme.signInAs(ada);
    const callback = (await browser.go(start(), atCallback)).hops.at(-1) ?? '';
    await acme.down();
    const answer = await fetch(callback, { headers: { cookie: browser.cookiesFor(callback) } });
    expect([answer.status, answer.headers.get('content-type')?.startsWith('application/problem+json')]).toEqual([
      503,
      true,
    ]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    umbrella.signInAs({ sub: 'ada-1' });
    expect((await new TestBrowser().go(start('umbrella'))).status).toBe(200);
    await acme.up();
    expect((await signIn(ada)).status).toBe(200);
  });
});

/** The same RSA key for another algorithm. */
const asPs256 = async (key: CryptoKey): Promise<CryptoKey> =>
  (await importJWK({ ...(await exportJWK(key)), alg: 'PS256' }, 'PS256')) as CryptoKey;
