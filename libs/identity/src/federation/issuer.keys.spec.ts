import { ProblemError } from '@lexecon/auth';
import { Breaker } from '@lexecon/resilience';
import { claims, issuerOf, keyPlace, type KeyPlace, sign, type Signer, signer } from './federation.testing.js';
import { type IssuerKeys, issuerKeys } from './issuer.keys.js';
import { reasonOf, verify } from './token.verifier.js';

const MINUTE_MS = 60_000;

describe('the keys of an issuer that are fetched', () => {
  let place: KeyPlace;
  let old: Signer;
  let fresh: Signer;
  let now: number;
  let keys: IssuerKeys;

  beforeAll(async () => {
    [old, fresh] = await Promise.all([signer('old'), signer('fresh')]);
  });
  beforeEach(async () => {
    place = await keyPlace();
    place.serve([old.jwk]);
    now = 1_000_000;
    keys = issuerKeys(
      issuerOf({ keys: place.url }),
      new Breaker('jwks', { opens: { afterFailures: 1_000 } }),
      () => now,
    );
  });
  afterEach(() => place.close());

  async function outcome(by: Signer, header: object = {}): Promise<unknown> {
    try {
      const { subject } = await verify(await sign(claims(), by, header), issuerOf(), keys, Date.now());
      return subject;
    } catch (error) {
      return error instanceof ProblemError ? error.problem.status : reasonOf(error);
    }
  }
  const passes = (ms: number): void => {
    now += ms;
  };
  const NO_KEY = 'ERR_JWKS_NO_MATCHING_KEY';

  it('are fetched once for many tokens', async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => outcome(old)))).toEqual(Array(20).fill('support-bot'));
    expect(place.asked).toHaveLength(1);
  });

  it('rotate without a restart: a new one is fetched when a token needs it, and an old one goes', async () => {
    expect(await outcome(old)).toBe('support-bot');
    const generation = keys.generation();
    place.serve([old.jwk, fresh.jwk]);
    passes(11_000);
    expect(await outcome(fresh)).toBe('support-bot');
    expect(keys.generation()).toBe(generation + 1);
    place.serve([fresh.jwk]);
    passes(11 * MINUTE_MS);
    keys.generation();
    passes(1);
    expect(await outcome(fresh)).toBe('support-bot');
    await outcome(await signer('unknown'));
    expect(await outcome(old)).toBe(NO_KEY);
  });

  it('are fetched at most once in ten seconds, whatever ids of keys are made up', async () => {
    await outcome(old);
    passes(11_000);
    const flood = await Promise.all(
      Array.from({ length: 200 }, (_, i) => outcome(fresh, { kid: `made-up-${String(i)}` })),
    );
    expect(new Set(flood)).toEqual(new Set([NO_KEY]));
    expect(place.asked).toHaveLength(2);
    passes(9_000);
    await outcome(fresh, { kid: 'again' });
    expect(place.asked).toHaveLength(2);
  });

  it('that are known go on working for an hour while their place is silent; what is unknown is 503, never 401', async () => {
    await outcome(old);
    place.serve('silent');
    passes(11_000);
    expect(await outcome(fresh)).toBe(503);
    expect(await outcome(old)).toBe('support-bot');
    expect(await Promise.all(Array.from({ length: 50 }, () => outcome(fresh)))).toEqual(Array(50).fill(503));
    expect(place.asked).toHaveLength(2);
    passes(59 * MINUTE_MS);
    expect(await outcome(old)).toBe('support-bot');
    passes(MINUTE_MS);
    expect(await outcome(old)).toBe(503);
    place.serve([old.jwk]);
    passes(11_000);
    expect(await outcome(old)).toBe('support-bot');
  });

  it('that were never had are 503', async () => {
    place.serve('silent');
    expect(await outcome(old)).toBe(503);
  });

  it('are only public ones of signatures: others in the set are passed over, and the rest of it works', async () => {
    const symmetric = { kty: 'oct', k: Buffer.from('x'.repeat(32)).toString('base64url'), kid: 'fresh', alg: 'HS256' };
    place.serve([symmetric, { ...fresh.jwk, d: 'secret' }, { ...fresh.jwk, use: 'enc' }, old.jwk]);
    expect(await outcome(old)).toBe('support-bot');
    expect(await outcome(fresh)).toBe(NO_KEY);
  });

  it('come from their pinned place only: a redirect is not followed, and what is too large or no key set is 503', async () => {
    const elsewhere = await keyPlace();
    elsewhere.serve([fresh.jwk]);
    const answers = [
      { text: '', status: 302, to: elsewhere.url.href },
      { text: '{"keys":"none"}' },
      { text: '<html>' },
      { text: JSON.stringify({ keys: [fresh.jwk], padding: 'x'.repeat(600_000) }) },
    ];
    for (const answer of answers) {
      place.serve(answer);
      expect(await outcome(fresh)).toBe(503);
      passes(11_000);
    }
    expect(elsewhere.asked).toEqual([]);
    await elsewhere.close();
  });
});
