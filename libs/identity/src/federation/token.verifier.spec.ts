import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { exportJWK, exportSPKI, type JWK, type JWTPayload } from 'jose';
import { ProblemError } from '@lexecon/auth';
import { Breaker } from '@lexecon/resilience';
import {
  claims,
  forge,
  inSeconds,
  issuerOf,
  keyPlace,
  type KeyPlace,
  sign,
  type Signer,
  signer,
} from './federation.testing.js';
import type { Issuer } from './issuer.js';
import { issuerKeys } from './issuer.keys.js';
import { claimedIssuer, reasonOf, verify } from './token.verifier.js';

describe('a token of a pinned issuer', () => {
  let elliptic: Signer;
  let rsa: Signer;
  let pinned: Issuer;
  let attacker: KeyPlace;

  beforeAll(async () => {
    elliptic = await signer('ec-1');
    rsa = await signer('rsa-1', 'RS256');
    pinned = issuerOf({ keys: { keys: [elliptic.jwk, rsa.jwk] } });
    attacker = await keyPlace();
  });
  afterAll(() => attacker.close());

  /** Why it is refused; the claims when it is accepted. */
  async function outcome(token: string, issuer = pinned): Promise<unknown> {
    try {
      const { expiresAt: _, ...accepted } = await verify(
        token,
        issuer,
        issuerKeys(issuer, new Breaker('test')),
        Date.now(),
      );
      return accepted;
    } catch (error) {
      if (error instanceof ProblemError) return error.problem.status;
      return reasonOf(error) ?? error;
    }
  }
  const signed = async (more: Readonly<Record<string, unknown>> = {}, header: object = {}): Promise<string> =>
    sign(claims(more), elliptic, header);
  const accepted = { subject: 'support-bot', person: null, scopes: null };

  it('names the agent', async () => {
    expect(await outcome(await signed())).toEqual(accepted);
    expect(await outcome(await sign(claims(), rsa))).toEqual(accepted);
    expect(await outcome(await signed({ aud: ['https://lexecon.example'] }))).toEqual(accepted);
    expect(await outcome(await signed({ client_id: 'bot-7' }), { ...pinned, subjectClaim: 'client_id' })).toMatchObject(
      {
        subject: 'bot-7',
      },
    );
  });

  it('is refused unsigned, or signed with the public key as if it were a secret', async () => {
    const payload = claims();
    const none = (alg: string): string => forge({ alg, kid: 'ec-1' }, payload, () => Buffer.alloc(0));
    for (const alg of ['none', 'None', 'NONE', '']) expect(await outcome(none(alg))).toMatch(/^ERR_/);
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const known: JWK = { ...(await exportJWK(publicKey)), kid: 'known', alg: 'RS256' };
    const secrets = [await exportSPKI(publicKey), JSON.stringify(known), String(known.n)];
    const confused = { ...pinned, keys: { keys: [known] } };
    for (const secret of secrets)
      for (const alg of ['HS256', 'HS512']) {
        const hmac = (input: string): Buffer =>
          createHmac(alg === 'HS256' ? 'sha256' : 'sha512', secret)
            .update(input)
            .digest();
        expect(await outcome(forge({ alg, kid: 'known' }, payload, hmac), confused)).toBe('ERR_JOSE_ALG_NOT_ALLOWED');
      }
  });

  it('is refused when its algorithm is not one of the issuer’s, or not the key’s', async () => {
    expect(await outcome(await sign(claims(), rsa), { ...pinned, algorithms: ['ES256'] })).toBe(
      'ERR_JOSE_ALG_NOT_ALLOWED',
    );
    expect(await outcome(await sign(claims(), rsa, { kid: 'ec-1' }))).toBe('ERR_JWKS_NO_MATCHING_KEY');
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const weak = { ...pinned, keys: { keys: [{ ...(await exportJWK(short.publicKey)), kid: 'weak' }] } };
    const token = forge({ alg: 'RS256', kid: 'weak' }, claims(), (input) =>
      signWith('sha256', Buffer.from(input), short.privateKey),
    );
    expect(await outcome(token, weak)).not.toEqual(accepted);
  });

  it('is refused when it is for somebody else, from somebody else, or of another kind', async () => {
    const cases: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
      [{ aud: 'https://other.example' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
      [{ aud: 'https://lexecon.example/' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
      [{ aud: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
      [{ aud: ['https://lexecon.example', 'https://other.example'] }, 'aud'],
      [{ iss: 'https://issuer.example/' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
      [{ iss: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
      [{ cnf: { jkt: 'x' } }, 'cnf'],
      [{ sub: undefined }, 'sub'],
      [{ sub: 7 }, 'sub'],
      [{ sub: 'a\u0000b' }, 'sub'],
    ];
    for (const [more, reason] of cases) expect([more, await outcome(await signed(more))]).toEqual([more, reason]);
    const typed = { ...pinned, typ: 'at+jwt' };
    expect(await outcome(await signed(), typed)).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED');
    expect(await outcome(await signed({}, { typ: 'JWT' }), typed)).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED');
    expect(await outcome(await signed({}, { typ: 'application/at+jwt' }), typed)).toEqual(accepted);
  });

  it('is refused before its time, after it, and when it lives too long or for ever', async () => {
    const cases: readonly (readonly [Readonly<Record<string, unknown>>, unknown])[] = [
      [{ exp: inSeconds(-31) }, 'ERR_JWT_EXPIRED'],
      [{ exp: inSeconds(-20), iat: inSeconds(-60) }, accepted],
      [{ nbf: inSeconds(40) }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
      [{ nbf: inSeconds(20) }, accepted],
      [{ iat: inSeconds(40) }, 'iat'],
      [{ exp: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
      [{ exp: 'tomorrow' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
      [{ exp: inSeconds(3_700) }, 'exp'],
      [{ exp: inSeconds(3_700), iat: undefined }, 'exp'],
      [{ iat: undefined }, accepted],
    ];
    for (const [more, expected] of cases) expect([more, await outcome(await signed(more))]).toEqual([more, expected]);
  });

  it('is never verified with a key that it brings or points to', async () => {
    const own = await signer('own');
    attacker.serve([own.jwk]);
    const at = attacker.url.href;
    for (const header of [{ jku: at }, { x5u: at }, { jwk: own.jwk }, { jku: at, kid: 'ec-1' }, { x5c: ['MIIB'] }]) {
      const token = await sign(claims(), own, header);
      expect(await outcome(token)).toMatch(/^ERR_/);
    }
    for (const kid of ['../../../../dev/null', 'ec-1\u0000', `${at}#ec-1`, '', "' OR 1=1 --"])
      expect(await outcome(await sign(claims(), own, { kid }))).toMatch(/^ERR_/);
    expect(attacker.asked).toEqual([]);
  });

  it('is refused with a critical header that is not understood', async () => {
    const header = { alg: 'ES256', kid: 'ec-1', crit: ['strange'], strange: true };
    expect(await outcome(forge(header, claims(), () => Buffer.alloc(64)))).toMatch(/^ERR_/);
  });

  it('needs a kid when several keys would fit', async () => {
    const other = await signer('ec-2');
    const two = { ...pinned, keys: { keys: [elliptic.jwk, other.jwk] } };
    expect(await outcome(await signed({}, { kid: undefined }), two)).toBe('ERR_JWKS_MULTIPLE_MATCHING_KEYS');
    expect(await outcome(await signed({}, { kid: undefined }))).toEqual(accepted);
  });

  it('with somebody else as its actor is of that agent, for the person whom it names', async () => {
    const delegated = { sub: 'u-1842', act: { sub: 'support-bot' } };
    expect(await outcome(await signed(delegated))).toEqual({ ...accepted, person: { type: 'user', id: 'u-1842' } });
    const chain = (length: number): object =>
      length === 1 ? { sub: 'first' } : { sub: `hand-${String(length)}`, act: chain(length - 1) };
    expect(await outcome(await signed({ sub: 'u-1', act: chain(4) }))).toMatchObject({ subject: 'hand-4' });
    const deep = [chain(5), chain(200)];
    for (const act of [...deep, 'support-bot', null, [], {}, { sub: '' }, { sub: 'x', act: 'y' }])
      expect([act, String(await outcome(await signed({ sub: 'u-1', act })))]).toEqual([
        act,
        expect.stringMatching(/^(act|sub)$/),
      ]);
    expect(await outcome(await signed({ sub: 'u-1', act: { sub: 'x', iss: 'https://other.example' } }))).toBe(
      'act.iss',
    );
    expect(await outcome(await signed({ sub: undefined, act: { sub: 'x' } }))).toBe('sub');
  });

  it('is limited to its scopes where the issuer’s tokens have some, and to none when they are left out', async () => {
    const scoped = { ...pinned, scopeClaim: 'scope' };
    const scopesOf = async (scope: unknown): Promise<unknown> =>
      ((await outcome(await signed({ scope }), scoped)) as { scopes: unknown }).scopes;
    expect(await scopesOf('decision:make other')).toEqual(['decision:make', 'other']);
    expect(await scopesOf(['decision:make', 7])).toEqual(['decision:make']);
    expect(await scopesOf(undefined)).toEqual([]);
    expect(await scopesOf({ length: 1 })).toEqual([]);
  });

  it('is not even read when it is longer than 8 KiB or no token', () => {
    const part = (value: JWTPayload): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = (more: string): string => `e30.${part({ iss: 'https://issuer.example', more })}.x`;
    expect(claimedIssuer(token(''))).toBe('https://issuer.example');
    expect(claimedIssuer(token('x'.repeat(9_000)))).toBeNull();
    for (const odd of ['', 'a.b.c', 'e30.e30.e30', `e30.${part({ iss: 7 as never })}.x`, 'x'.repeat(100)])
      expect(claimedIssuer(odd)).toBeNull();
  });
});
