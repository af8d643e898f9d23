import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose';
import type { Breaker } from '@lexecon/resilience';
import { unavailable } from '../refusal.js';
import type { Issuer } from './issuer.js';

/** How old a fetched key set may be before it is fetched again beside the work, and at most, when its place does not answer. */
const CACHED_MS = 600_000;
const OUTAGE_MS = 3_600_000;
/** Between two attempts to fetch, whatever asks for them. */
const COOLDOWN_MS = 10_000;
const TIMEOUT_MS = 3_000;
const MOST_BYTES = 512 * 1024;
const MOST_KEYS = 100;

export type Clock = () => number;

/** The public keys of one issuer: pinned, or fetched from its pinned place and nowhere else. */
export interface IssuerKeys {
  /** Rejects with a JOSEError when no key fits, with ProblemError 503 when that cannot be known because the place does not answer. */
  readonly keyFor: JWTVerifyGetKey;
  /** Counts how often the keys changed: what was verified under an older set is verified again. */
  generation(): number;
}

export function issuerKeys({ keys }: Issuer, breaker: Breaker, now: Clock = Date.now): IssuerKeys {
  if (keys instanceof URL) return new FetchedKeys(keys, breaker, now);
  return { keyFor: createLocalJWKSet(publicKeysOf(keys)), generation: () => 0 };
}

class FetchedKeys implements IssuerKeys {
  readonly #remote: ReturnType<typeof createRemoteJWKSet>;
  #local: ReturnType<typeof createLocalJWKSet> | undefined;
  #text = '';
  #generation = 0;
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #pending: Promise<void> | undefined;

  constructor(
    place: URL,
    private readonly breaker: Breaker,
    private readonly now: Clock,
  ) {
    this.#remote = createRemoteJWKSet(place, { timeoutDuration: TIMEOUT_MS, [customFetch]: fetchBounded });
  }

  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    const known = this.#local && this.now() - this.#fetchedAt < OUTAGE_MS ? this.#local : await this.#fetched();
    try {
      return await known(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const fresh = await this.#fetched();
      if (fresh === known) throw error;
      return fresh(header, token);
    }
  };

  generation(): number {
    if (this.now() - this.#fetchedAt > CACHED_MS && this.now() - this.#triedAt > COOLDOWN_MS)
      void this.#fetched().catch(() => undefined);
    return this.#generation;
  }

  /** The keys as of now, or of the last fetch while another one would come too soon. Rejects with ProblemError 503 when the last
   *  attempt failed. */
  async #fetched(): Promise<ReturnType<typeof createLocalJWKSet>> {
    if (this.now() - this.#triedAt > COOLDOWN_MS) {
      this.#triedAt = this.now();
      this.#pending = this.#fetch();
    }
    await this.#pending;
    if (!this.#local || this.#fetchedAt < this.#triedAt)
      throw unavailable('The keys of an issuer of tokens cannot be had');
    return this.#local;
  }

  async #fetch(): Promise<void> {
    await this.breaker.execute(() => this.#remote.reload());
    const keys = publicKeysOf(this.#remote.jwks() ?? { keys: [] });
    const text = JSON.stringify(keys);
    if (text !== this.#text || !this.#local) {
      this.#local = createLocalJWKSet(keys);
      this.#text = text;
      this.#generation += 1;
    }
    this.#fetchedAt = this.now();
  }
}

/** Public signature keys only: a symmetric or private one in a key set is a mistake or an attack. */
function publicKeysOf({ keys }: JSONWebKeySet): JSONWebKeySet {
  const fit = ({ kty, use, d, k }: JWK): boolean =>
    ['RSA', 'EC', 'OKP'].includes(kty ?? '') &&
    (use === undefined || use === 'sig') &&
    d === undefined &&
    k === undefined;
  return { keys: keys.filter(fit).slice(0, MOST_KEYS) };
}

/** Fetches without following redirects, and no more than half a MiB. */
const fetchBounded: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Error('the key set is too large');
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status });
};
