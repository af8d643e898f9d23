import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';

/** A provider whose token endpoint answers whatever a test wants it to: what a man in the middle could make of an answer. */
export interface HostileProvider {
  readonly issuer: string;
  /** Claims that would be accepted, for the nonce of a sign-in. */
  claims(nonce: string | null, more?: JWTPayload): JWTPayload;
  sign(claims: JWTPayload, header?: JWTHeaderParameters, key?: CryptoKey | Uint8Array): Promise<string>;
  readonly publicKey: CryptoKey;
  /** The ID token of the next answer. */
  answerWith(idToken: string): void;
  close(): Promise<void>;
}

const ACCESS_TOKEN = 'an access token';
export const atHash = createHash('sha256').update(ACCESS_TOKEN).digest().subarray(0, 16).toString('base64url');

export async function hostileProvider(): Promise<HostileProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'hostile', use: 'sig', alg: 'RS256' }] };
  let idToken = '';
  let issuer = '';
  const answers: Readonly<Record<string, () => object>> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none', 'ES256'],
    }),
    '/keys': () => keys,
    '/token': () => ({ access_token: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 60, id_token: idToken }),
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? '']?.();
    response.statusCode = answer ? 200 : 404;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const now = (): number => Math.floor(Date.now() / 1000);
  return {
    issuer,
    publicKey,
    claims: (nonce, more = {}) => ({
      iss: issuer,
      aud: 'lexecon',
      sub: 'victim',
      iat: now(),
      exp: now() + 60,
      email: 'victim@hostile.example',
      email_verified: true,
      groups: [],
      amr: ['mfa'],
      at_hash: atHash,
      ...(nonce !== null && { nonce }),
      ...more,
    }),
    sign: (claims, header = { alg: 'RS256', kid: 'hostile' }, key = privateKey) =>
      new SignJWT(claims).setProtectedHeader(header).sign(key),
    answerWith: (token) => (idToken = token),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
