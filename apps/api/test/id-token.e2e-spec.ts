import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportSPKI, generateKeyPair } from 'jose';
import { atHash, type HostileProvider, hostileProvider } from './hostile-provider.testing.js';
import { TestBrowser, testRelay } from './oidc.testing.js';
import { type TestServer, testServer } from './server.testing.js';

describe('an ID token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-id-token-'));
  let relay: Awaited<ReturnType<typeof testRelay>>;
  let provider: HostileProvider;
  let server: TestServer;

  beforeAll(async () => {
    relay = await testRelay();
    provider = await hostileProvider();
    const file = join(folder, 'providers.json');
    writeFileSync(join(folder, 'secret'), 'a client secret of more than 32 bytes');
    writeFileSync(
      file,
      JSON.stringify([
        {
          name: 'hostile',
          issuer: provider.issuer,
          clientId: 'lexecon',
          clientSecretFile: 'secret',
          emailDomains: ['hostile.example'],
          createPeople: true,
          secondFactor: { amr: ['mfa'] },
        },
      ]),
    );
    server = await testServer({ PUBLIC_URL: relay.url, OIDC_PROVIDERS_FILE: file });
    relay.leadTo(server.url);
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await Promise.all([provider.close(), relay.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Signs in up to the callback, with the ID token that `token` makes for the nonce. */
  const comeBackWith = async (token: (nonce: string) => string | Promise<string>): Promise<number> => {
    const browser = new TestBrowser();
    const asked = await browser.go(`${relay.url}/api/v1/auth/oidc/hostile`, (url) => url.startsWith(provider.issuer));
    const { searchParams } = new URL(asked.hops.at(-1) ?? '');
    provider.answerWith(await token(searchParams.get('nonce') ?? ''));
    const callback = new URL(searchParams.get('redirect_uri') ?? '');
    callback.searchParams.set('code', 'a code');
    callback.searchParams.set('state', searchParams.get('state') ?? '');
    return (await browser.go(callback.href)).status;
  };
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = (): number => Math.floor(Date.now() / 1000);

  it('is accepted when everything about it is right', async () => {
    expect(await comeBackWith((nonce) => provider.sign(provider.claims(nonce)))).toBe(200);
  });

  it.each<[string, (nonce: string) => string | Promise<string>]>([
    ['without a signature', (nonce) => `${encoded({ alg: 'none' })}.${encoded(provider.claims(nonce))}.`],
    [
      'signed with the client’s secret',
      (nonce) =>
        provider.sign(provider.claims(nonce), { alg: 'HS256' }, Buffer.from('a client secret of more than 32 bytes')),
    ],
    [
      'signed with the public key as a secret',
      async (nonce) =>
        provider.sign(
          provider.claims(nonce),
          { alg: 'HS256', kid: 'hostile' },
          Buffer.from(await exportSPKI(provider.publicKey)),
        ),
    ],
    [
      'signed with another key under the right name',
      async (nonce) =>
        provider.sign(
          provider.claims(nonce),
          { alg: 'RS256', kid: 'hostile' },
          (await generateKeyPair('RS256')).privateKey,
        ),
    ],
    [
      'signed with another algorithm that the provider announces',
      async (nonce) =>
        provider.sign(
          provider.claims(nonce),
          { alg: 'ES256', kid: 'hostile' },
          (await generateKeyPair('ES256')).privateKey,
        ),
    ],
    [
      'whose claims were changed after signing',
      async (nonce) => {
        const [header = '', , signature = ''] = (await provider.sign(provider.claims(nonce))).split('.');
        return `${header}.${encoded(provider.claims(nonce, { sub: 'somebody-else' }))}.${signature}`;
      },
    ],
    ['of another issuer', (nonce) => provider.sign(provider.claims(nonce, { iss: 'https://other.example' }))],
    ['for another audience', (nonce) => provider.sign(provider.claims(nonce, { aud: 'another' }))],
    [
      'for several, handed to another one',
      (nonce) => provider.sign(provider.claims(nonce, { aud: ['lexecon', 'another'], azp: 'another' })),
    ],
    ['that is over', (nonce) => provider.sign(provider.claims(nonce, { exp: now() - 30 }))],
    ['from the future', (nonce) => provider.sign(provider.claims(nonce, { nbf: now() + 300 }))],
    ['without a nonce', () => provider.sign(provider.claims(null))],
    ['with the nonce of another sign-in', () => provider.sign(provider.claims('another'))],
    ['without a subject', (nonce) => provider.sign(provider.claims(nonce, { sub: '' }))],
    ['with a subject of another form', (nonce) => provider.sign(provider.claims(nonce, { sub: 'x'.repeat(256) }))],
    ['of another access token', (nonce) => provider.sign(provider.claims(nonce, { at_hash: `x${atHash.slice(1)}` }))],
    ['that is none', () => 'not a token'],
  ])('%s is refused', async (_, token) => {
    expect(await comeBackWith(token)).toBe(401);
  });
});
