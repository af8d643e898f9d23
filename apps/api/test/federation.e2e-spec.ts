import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { ensureDemo } from '../src/demo.js';
import { parseSettings } from '../src/settings.js';
import { type Answer, call } from './caller.testing.js';
import { testServer, type TestServer } from './server.testing.js';

const AUDIENCE = 'https://lexecon.example';
const SECRET = 'a secret of the tests, long enough';

interface Issuer {
  readonly issuer: string;
  readonly key: CryptoKey;
  /** An access token for this client, as the provider gives it: RFC 9068, for `resource`. */
  token(client: string, resource?: string): Promise<string>;
  close(): Promise<void>;
}

/** A real OAuth2 server (oidc-provider) on loopback that gives clients tokens by client credentials. */
async function issuerOf(clients: readonly string[]): Promise<Issuer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', use: 'sig', alg: 'ES256' }] },
    clients: clients.map((client_id) => ({
      client_id,
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256' as const,
    })),
    ttl: { ClientCredentials: 300 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'decision:make receipt:read',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  const handle = provider.callback();
  server.on('request', (request, response) => void handle(request, response));
  return {
    issuer,
    key: privateKey,
    token: async (client, resource = AUDIENCE) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', resource, scope: 'decision:make' });
      const authorization = `Basic ${Buffer.from(`${client}:${encodeURIComponent(SECRET)}`).toString('base64')}`;
      const answer = await fetch(`${issuer}/token`, { method: 'POST', body, headers: { authorization } });
      return ((await answer.json()) as { access_token: string }).access_token;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const read = {
  action: { name: 'database:read', properties: { limit: 50 } },
  resource: { type: 'table', id: 'orders' },
  context: { riskScore: 10 },
};

describe('an agent with tokens of the company’s own OAuth2 server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-issuers-'));
  let issuer: Issuer;
  let server: TestServer;
  let officer: string;
  let agentId: string;
  let federationId: string;

  beforeAll(async () => {
    issuer = await issuerOf(['support-client', 'stranger']);
    const pinned = {
      issuer: issuer.issuer,
      audience: AUDIENCE,
      algorithms: ['ES256'],
      jwksUri: `${issuer.issuer}/jwks`,
      scopeClaim: 'scope',
      typ: 'at+jwt',
      maxAgeSeconds: 600,
    };
    writeFileSync(join(folder, 'issuers.json'), JSON.stringify([pinned]));
    server = await testServer({ AGENT_ISSUERS_FILE: join(folder, 'issuers.json') });
    officer = server.tokenFor({});
    await ensureDemo(server.app, parseSettings({ DATABASE_URL: server.databaseUrl, LEXECON_DATA_DIR: server.folder }));
    const agent = { type: 'agent', name: 'federated-bot', owner: 'team', purpose: 'tests', roles: ['support-agent'] };
    agentId = String((await call(server, 'POST', '/api/v1/agents', { token: officer, body: agent })).body['id']);
    const body = { issuer: issuer.issuer, subject: 'support-client' };
    const added = await call(server, 'POST', `/api/v1/agents/${agentId}/federations`, { token: officer, body });
    federationId = String(added.body['id']);
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await issuer.close();
    rmSync(folder, { recursive: true });
  });

  const decide = (token: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
    call(server, 'POST', '/api/v1/decisions', { token, body: { ...read, ...body }, headers });
  /** As its token exchange would give it: the agent acts, for this person. */
  const exchanged = (person: string): Promise<string> =>
    new SignJWT({ scope: 'decision:make', act: { sub: 'support-client' } })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'at+jwt' })
      .setIssuer(issuer.issuer)
      .setAudience(AUDIENCE)
      .setSubject(person)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(issuer.key);

  it('gets decisions under the name it is registered with', async () => {
    const { status, body } = await decide(await issuer.token('support-client'));
    expect([status, body['outcome']]).toEqual([200, 'permit']);
    const recorded = await call(server, 'GET', `/api/v1/decisions/${String(body['id'])}`, { token: officer });
    expect(JSON.stringify(recorded.body)).toContain('federated-bot');
  });

  it('may do no more than its token’s scope says', async () => {
    const token = await issuer.token('support-client');
    const { body } = await decide(token);
    expect((await call(server, 'GET', `/api/v1/decisions/${String(body['id'])}/receipt`, { token })).status).toBe(403);
  });

  it('is told nothing but 401 when nobody mapped it, when the token is for somebody else, altered or too long', async () => {
    const token = await issuer.token('support-client');
    const [head = '', payload = ''] = token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const refused = [
      await issuer.token('stranger'),
      await issuer.token('support-client', 'https://other.example'),
      `${none}.${payload}.`,
      `${head}.${payload}.`,
      `${token}x`,
      `${token}.`,
      `${token}${'x'.repeat(8_192)}`,
    ];
    for (const one of refused) expect((await decide(one)).status).toBe(401);
    expect((await decide(token)).status).toBe(200);
  });

  it('acts for the person whom its token names, whatever the request says', async () => {
    const token = await exchanged('u-4711');
    const actor = { type: 'agent', id: 'federated-bot' };
    const { status, body } = await decide(token);
    expect([status, body['outcome']]).toEqual([200, 'permit']);
    const found = await call(server, 'GET', '/api/v1/decisions?actor=u-4711', { token: officer });
    expect(found.body['items']).toEqual([expect.objectContaining({ id: body['id'] })]);
    const named = (id: string): object => ({ actor: { ...actor, onBehalfOf: { type: 'user', id } } });
    expect((await decide(token, named('u-4711'))).status).toBe(200);
    expect((await decide(token, named('u-4712'))).status).toBe(403);
    const batch = { requests: [read, { ...read, ...named('u-4712') }] };
    expect((await call(server, 'POST', '/api/v1/decisions/batch', { token, body: batch })).status).toBe(403);
  });

  it('gets no answer that was for another person by repeating an idempotency key', async () => {
    const headers = { 'idempotency-key': 'for-one-person' };
    const first = await decide(await exchanged('u-1'), {}, headers);
    expect((await decide(await exchanged('u-1'), {}, headers)).body['id']).toBe(first.body['id']);
    expect((await decide(await exchanged('u-2'), {}, headers)).status).toBe(409);
  });

  it('is shut out when it is no longer mapped, though its token has not expired', async () => {
    const token = await issuer.token('support-client');
    expect((await decide(token)).status).toBe(200);
    const at = `/api/v1/agents/${agentId}/federations`;
    expect((await call(server, 'GET', at, { token: officer })).body['items']).toHaveLength(1);
    expect((await call(server, 'DELETE', `${at}/${federationId}`, { token: officer })).status).toBe(204);
    expect((await decide(token)).status).toBe(401);
  });
});
