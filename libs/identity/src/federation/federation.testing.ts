import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { Issuer } from './issuer.js';

/** A place on loopback that serves a key set and counts how often it is asked. */
export interface KeyPlace {
  readonly url: URL;
  /** Addresses that were asked for. */
  readonly asked: readonly string[];
  /** What it answers from now on; `silent`: an error. */
  serve(
    keys: readonly JWK[] | 'silent' | { readonly text: string; readonly status?: number; readonly to?: string },
  ): void;
  close(): Promise<void>;
}

export async function keyPlace(): Promise<KeyPlace> {
  const asked: string[] = [];
  let served: Parameters<KeyPlace['serve']>[0] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (served === 'silent') response.writeHead(500).end();
    else if ('text' in served) {
      response.writeHead(served.status ?? 200, served.to === undefined ? {} : { location: served.to }).end(served.text);
    } else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: served }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${String(port)}/keys`),
    asked,
    serve: (keys) => {
      served = keys;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Signer {
  readonly jwk: JWK;
  readonly key: CryptoKey;
  readonly alg: string;
}

export async function signer(kid: string, alg = 'ES256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  return { jwk: { ...(await exportJWK(publicKey)), kid }, key: privateKey, alg };
}

export const issuerOf = (more: Partial<Issuer> = {}): Issuer => ({
  issuer: 'https://issuer.example',
  audience: 'https://lexecon.example',
  algorithms: ['ES256', 'EdDSA', 'RS256'],
  subjectClaim: 'sub',
  personClaim: 'sub',
  maxAgeSeconds: 3_600,
  keys: { keys: [] },
  ...more,
});

const seconds = (): number => Math.floor(Date.now() / 1_000);

/** What a good token says; a member that is undefined is left out. */
export const claims = (more: Readonly<Record<string, unknown>> = {}): JWTPayload => ({
  iss: 'https://issuer.example',
  aud: 'https://lexecon.example',
  sub: 'support-bot',
  iat: seconds(),
  exp: seconds() + 300,
  ...more,
});

export const inSeconds = (offset: number): number => seconds() + offset;

export const sign = (payload: JWTPayload, { key, alg, jwk }: Signer, header: object = {}): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg, kid: String(jwk.kid), ...header }).sign(key);

/** A token put together by hand, with whatever signature. */
export function forge(header: object, payload: JWTPayload, signature: (input: string) => Buffer): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${signature(input).toString('base64url')}`;
}
