import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

/** Who signs in at the provider next, and what it says about them. */
export interface TestPerson {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly groups?: readonly string[];
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** When they proved who they are there, in Unix seconds; now when left out. */
  readonly provedAt?: number;
}

export interface TestProvider {
  readonly issuer: string;
  /** What it signs with. */
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** Everybody who is sent here from now on signs in as this person, without being asked. */
  signInAs(person: TestPerson): void;
  /** Posts a logout token, as when the person logs out at the provider. */
  logOut(sub: string, sid?: string): Promise<void>;
  /** Stops answering, and comes back on the same port. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/** What the types of oidc-provider leave out of its clients. */
interface LogoutSender {
  backchannelLogout(sub: string, sid?: string): Promise<void>;
}

interface Options {
  readonly relay: string;
  readonly name: string;
  readonly clientSecret: string;
  readonly algorithm?: 'RS256' | 'ES256';
  /** Claims in userinfo only, as the specification has it by default. */
  readonly thin?: boolean;
}

/** A real OpenID provider (oidc-provider) on loopback, with one client: the server behind `relay`. */
export async function testProvider(options: Options): Promise<TestProvider> {
  const server = createServer();
  const port = await listen(server);
  const issuer = `http://127.0.0.1:${String(port)}`;
  let person: TestPerson = { sub: 'nobody' };
  const people = new Map<string, TestPerson>();
  const { privateKey, publicKey } = await generateKeyPair(options.algorithm ?? 'RS256', { extractable: true });
  const minute = 60;
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'test', use: 'sig' }] },
    ttl: { Interaction: minute, Grant: minute, Session: minute, AccessToken: minute, IdToken: minute },
    clients: [clientOf(options)],
    claims: {
      openid: ['sub', 'sid', 'acr', 'amr', 'auth_time'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    scopes: ['openid', 'email', 'groups'],
    acrValues: ['mfa'],
    conformIdTokenClaims: options.thin ?? false,
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    pkce: { required: () => false },
    cookies: { keys: ['a key of the tests'] },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ ...people.get(sub), sub }),
    }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client?.clientId ?? '',
        accountId: oidc.session?.accountId ?? '',
      });
      grant.addOIDCScope('openid email groups');
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.startsWith('/interaction/')) return void handle(request, response);
    people.set(person.sub, person);
    const { sub, acr, amr, provedAt } = person;
    const login = {
      accountId: sub,
      ...(acr !== undefined && { acr }),
      ...(amr && { amr: [...amr] }),
      ...(provedAt !== undefined && { ts: provedAt }),
    };
    void provider.interactionFinished(request, response, { login });
  });
  return {
    issuer,
    privateKey,
    publicKey,
    signInAs: (next) => {
      person = next;
      people.set(next.sub, next);
    },
    logOut: async (sub, sid) => {
      const client = await provider.Client.find('lexecon');
      await (client as unknown as LogoutSender).backchannelLogout(sub, sid);
    },
    down: () => stop(server),
    up: async () => {
      await listen(server, port);
    },
    close: () => stop(server),
  };
}

const clientOf = ({ relay, name, clientSecret, algorithm = 'RS256' }: Options) => ({
  client_id: 'lexecon',
  client_secret: clientSecret,
  redirect_uris: [`${relay}/api/v1/auth/oidc/${name}/callback`],
  backchannel_logout_uri: `${relay}/api/v1/auth/oidc/${name}/backchannel-logout`,
  id_token_signed_response_alg: algorithm,
});

/** Listens before the server it leads to is there, so that both know each other's address. */
export async function testRelay(): Promise<{
  readonly url: string;
  readonly leadTo: (url: string) => void;
  readonly close: () => Promise<void>;
}> {
  let target = '';
  const server = createServer((request, response) => {
    void relay(target, request, response);
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${String(port)}`, leadTo: (url) => (target = url), close: () => stop(server) };
}

async function relay(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { cookie, 'content-type': type, authorization } = request.headers;
  const answer = await fetch(target + (request.url ?? ''), {
    method: request.method ?? 'GET',
    redirect: 'manual',
    headers: {
      ...(cookie && { cookie }),
      ...(type && { 'content-type': type }),
      ...(authorization && { authorization }),
    },
    ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
  });
  response.statusCode = answer.status;
  for (const name of ['content-type', 'location', 'retry-after', 'cache-control']) {
    const value = answer.headers.get(name);
    if (value !== null) response.setHeader(name, value);
  }
  response.setHeader('set-cookie', answer.headers.getSetCookie());
  response.end(Buffer.from(await answer.arrayBuffer()));
}

export interface Landed {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Every address on the way. */
  readonly hops: readonly string[];
}

/** The little of a browser that a sign-in needs: cookies by host and port, and following redirects. */
export class TestBrowser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** A request of a page, with what the browser knows of the address. */
  async post(url: string, headers: Readonly<Record<string, string>>): Promise<Landed> {
    const answer = await fetch(url, { method: 'POST', headers: { ...headers, cookie: this.cookiesFor(url) } });
    this.#keep(url, answer.headers.getSetCookie());
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, hops: [url] };
  }

  /** Follows redirects until there is none, or until `stopAt` says that the next address is not to be asked. */
  async go(address: string, stopAt: (url: string) => boolean = () => false): Promise<Landed> {
    const hops: string[] = [];
    for (let url = address; ;) {
      hops.push(url);
      if (stopAt(url)) return { status: 0, body: {}, hops };
      const answer = await fetch(url, { redirect: 'manual', headers: { cookie: this.cookiesFor(url) } });
      this.#keep(url, answer.headers.getSetCookie());
      const location = answer.headers.get('location');
      if (answer.status < 300 || answer.status >= 400 || location === null) {
        const text = await answer.text();
        const json = (answer.headers.get('content-type') ?? '').includes('json');
        return { status: answer.status, body: json ? (JSON.parse(text) as Record<string, unknown>) : { text }, hops };
      }
      await answer.arrayBuffer();
      url = new URL(location, url).href;
    }
  }

  #jar(url: string): Map<string, string> {
    const { host } = new URL(url);
    const jar = this.#jars.get(host) ?? new Map<string, string>();
    this.#jars.set(host, jar);
    return jar;
  }

  cookiesFor(url: string): string {
    return [...this.#jar(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(url: string, set: readonly string[]): void {
    for (const line of set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) this.#jar(url).delete(name);
      else this.#jar(url).set(name, value);
    }
  }
}

function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
