import { DataSource } from 'typeorm';
import { permissionsOf } from '@lexecon/auth';
import { type Route, routesOf } from '../src/route.list.js';
import { call, keyOf, personWith, signedIn } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';

/** Reading routes that show nobody's data, and why. A new one is either marked @ReadsPersonalData or has its line here. */
const readsNone: Readonly<Record<string, string>> = {
  'GET /': 'a redirection to the documentation',
  'GET /.well-known/security.txt': 'whom to tell of a vulnerability: an address that is meant for everybody',
  'GET /api/v1/auth/factors': 'the kinds of second factor that the caller has, to nobody else',
  'GET /api/v1/auth/passkeys': 'names that the caller gave to passkeys, to nobody else',
  'GET /api/v1/auth/session': 'what the session is that it was asked with',
  'GET /health': 'states of components',
  'GET /health/live': 'states of components',
  'GET /health/mfa': 'states of components',
  'GET /health/ready': 'states of components',
  'GET /api/v1/decisions/{id}/receipt':
    'public facts of one decision and hashes: what is personal stays a commitment. Gateways fetch these by the thousand',
  'GET /api/v1/ledger/checkpoint': 'a signed hash',
  'GET /api/v1/ledger/entries/{index}': 'public facts and hashes, in which nothing personal ever stands',
  'GET /api/v1/ledger/keys': 'public keys',
  'GET /api/v1/ledger/proofs/consistency': 'hashes',
  'GET /api/v1/ledger/proofs/inclusion': 'hashes',
  'GET /api/v1/ledger/tile/*': 'hashes',
  'GET /api/v1/ledger/verify/{id}': 'places in the log and what was found there',
  'POST /api/v1/ledger/verify': 'places in the log and what was found there',
  'GET /api/v1/auth/oidc/{provider}': 'a redirection to the identity provider',
  'GET /api/v1/auth/oidc/{provider}/callback':
    'a session of whoever came back from their provider, or what is next for them',
  'GET /scim/v2/ResourceTypes': 'what is offered',
  'GET /scim/v2/ResourceTypes/{id}': 'what is offered',
  'GET /scim/v2/Schemas': 'what is offered',
  'GET /scim/v2/Schemas/{id}': 'what is offered',
  'GET /scim/v2/ServiceProviderConfig': 'what is offered',
  'GET /api/v1/policies': 'rules',
  'GET /api/v1/policies/{name}/versions':
    'rules; authors stand there by account id, which names nobody without the list of people',
  'GET /api/v1/policies/{name}/versions/{version}': 'rules; the same',
};

/** Whoever may only read can change nothing: what such a permission opens is a read, whatever its method. */
const isRead = ({ method, access }: Route): boolean => method === 'GET' || /:(read|export|verify)$/.test(access ?? '');

interface Event {
  readonly id: string;
  readonly event: string;
  readonly result: string;
  readonly public: Readonly<Record<string, unknown>>;
  readonly sealed: Readonly<Record<string, unknown>> | null;
  readonly erased: boolean;
}

describe('access on record', () => {
  const email = 'rosalind.canary@leak.example';
  let server: TestServer;
  let token: string;
  let account: string;

  beforeAll(async () => {
    server = await testServer();
    token = server.tokenFor({ roles: ['auditor'], permissions: permissionsOf(['auditor']) });
    await personWith(server, email, ['reviewer']);
    const [row] = await server.app
      .get(DataSource)
      .query<{ id: string }[]>('SELECT id FROM identity.account WHERE email = $1', [email]);
    account = row?.id ?? '';
  }, 60_000);
  afterAll(() => server.close());

  const events = async (query: string, as = token): Promise<readonly Event[]> => {
    const answer = await call(server, 'GET', `/api/v1/access-events?${query}`, { token: as });
    expect([query, answer.status]).toEqual([query, 200]);
    return answer.body['items'] as readonly Event[];
  };

  it('marks every route that can show personal data, or says why a route shows none', () => {
    const reading = routesOf(server.app).filter(isRead);
    const undecided = reading.filter(({ method, path, onRecord }) => !onRecord && !(`${method} ${path}` in readsNone));
    expect(reading.length).toBeGreaterThan(25);
    expect(undecided.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    const known = new Set(reading.filter(({ onRecord }) => !onRecord).map(({ method, path }) => `${method} ${path}`));
    expect(Object.keys(readsNone).filter((route) => !known.has(route))).toEqual([]);
  });

  it('keeps who read what, from where and for which purpose', async () => {
    const headers = { 'lexecon-purpose': 'yearly audit\u00a0of access', 'x-request-id': 'request-of-the-audit' };
    await call(server, 'GET', '/api/v1/users?limit=7', { token, headers, from: '203.0.113.77' });
    const [read] = await events('event=personal-data-read&limit=1');
    expect(read?.public).toEqual({ what: 'people', route: 'GET /api/v1/users', count: 2, network: '203.0.113.0/24' });
    expect(read?.sealed).toMatchObject({
      asked: { limit: '7' },
      address: '203.0.113.77',
      requestId: 'request-of-the-audit',
      purpose: 'yearly audit\u00a0of access',
      by: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
    });
  });

  it('asks who is calling and keeps it for HEAD as for GET', async () => {
    const head = async (headers: Record<string, string>): Promise<number> =>
      (await server.app.inject({ method: 'HEAD', url: '/api/v1/users', headers })).statusCode;
    expect(await head({})).toBe(401);
    expect(await head({ authorization: `Bearer ${token}` })).toBe(200);
    const [read] = await events('event=personal-data-read&limit=1');
    expect(read?.public).toMatchObject({ what: 'people', route: 'HEAD /api/v1/users' });
  });

  it('puts the reading of the record on record too', async () => {
    await events(`account=${account}`);
    const [read] = await events(`account=${account}&event=personal-data-read&limit=1`);
    expect(read?.public).toMatchObject({ what: 'access-events', route: 'GET /api/v1/access-events' });
    expect(read?.sealed).toMatchObject({ asked: { account } });
  });

  it('finds what a person did and what was done to them, the login that failed too', async () => {
    await call(server, 'POST', '/api/v1/auth/login', { body: { email, password: 'not the password of hers' } });
    await signedIn(server, email);
    const found = (await events(`account=${account}`)).map(({ event, result }) => `${event} ${result}`);
    expect(found).toEqual(expect.arrayContaining(['login done', 'login-failed failed', 'person-activated done']));
    const [login] = await events(`account=${account}&event=login`);
    expect(login?.sealed).toMatchObject({ account, address: '127.0.0.1' });
  });

  it('finds what an agent is concerned by, without any name of a person', async () => {
    await keyOf(server, 'recorded-service', 'agent');
    const found = await events('actor=recorded-service');
    expect(found.map(({ event }) => event)).toEqual(['key-issued', 'actor-registered']);
  });

  it('goes from page to page without a gap, newest first, and within a time', async () => {
    const all = (await events('limit=100&event=personal-data-read')).map(({ id }) => id);
    const first = await call(server, 'GET', '/api/v1/access-events?limit=2&event=personal-data-read', { token });
    const next = String(first.body['next']);
    const second = await events(`limit=2&event=personal-data-read&cursor=${next}`);
    const pages = [...(first.body['items'] as readonly Event[]), ...second].map(({ id }) => id);
    // The two reads of the pages themselves came after `all` was read.
    expect(pages.slice(1, 3)).toEqual(all.slice(0, 2));
    expect(pages).toEqual([...pages].sort().reverse());
    expect(await events('from=2999-01-01T00:00:00Z')).toEqual([]);
    expect(await events('to=1969-01-01T00:00:00Z')).toEqual([]);
  });

  it('shows the sealed part only to whoever may open it', async () => {
    const operator = server.tokenFor({ roles: ['operator'], permissions: permissionsOf(['operator']) });
    const [login] = await events('event=login&limit=1', operator);
    expect([login?.sealed, login?.public['network']]).toEqual([null, '127.0.0.0/24']);
    const asked = await call(server, 'GET', `/api/v1/access-events?account=${account}`, { token: operator });
    expect(asked.status).toBe(403);
  });

  it('has no personal data outside of what is sealed', async () => {
    const source = server.app.get(DataSource);
    await call(server, 'GET', `/api/v1/decisions?actor=${encodeURIComponent(email)}`, { token });
    await call(server, 'GET', `/api/v1/access-events?actor=${encodeURIComponent(email)}`, {
      token,
      headers: { 'lexecon-purpose': email, 'x-request-id': 'rosalind.canary' },
    });
    const [{ open } = { open: '' }] = await source.query<{ open: string }[]>(
      `SELECT string_agg(encode(body, 'escape'), '') AS open FROM ledger.payload WHERE class = 3`,
    );
    expect(open).toContain('personal-data-read');
    const [{ rows } = { rows: '' }] = await source.query<{ rows: string }[]>(
      `SELECT string_agg(e::text, '') AS rows FROM identity.access_event e`,
    );
    for (const text of [open, rows, server.log().join('').replaceAll('"request_id":"rosalind.canary"', '')]) {
      expect(text).not.toContain('rosalind');
      expect(text).not.toContain(account);
      expect(text).not.toContain('203.0.113.77');
    }
  });

  it('shows nothing that could not be put on record', async () => {
    const source = server.app.get(DataSource);
    await source.query('ALTER TABLE identity.access_event ADD CONSTRAINT refused CHECK (false) NOT VALID');
    try {
      const answer = await call(server, 'GET', '/api/v1/users', { token });
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
      expect(answer.text).not.toContain(email);
    } finally {
      await source.query('ALTER TABLE identity.access_event DROP CONSTRAINT refused');
    }
    expect((await call(server, 'GET', '/api/v1/users', { token })).status).toBe(200);
  });
});
