import type { ReadableStream } from 'node:stream/web';
import { Inject, Injectable } from '@nestjs/common';
import { createRemoteJWKSet, customFetch as joseFetch, type JWTVerifyGetKey } from 'jose';
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  type Configuration,
  customFetch,
  type CustomFetchOptions,
  discovery,
  enableNonRepudiationChecks,
  None,
} from 'openid-client';
import { notFound } from '@lexecon/auth';
import { Breakers, DependencyUnavailable } from '@lexecon/resilience';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { isInsecure, type OidcProvider } from './provider.config.js';

/** How old what a provider publishes about itself may be, in milliseconds. Keys have their own, shorter term in the library. */
const METADATA_MS = 3_600_000;
/** How far the provider's clock may be off, in seconds. */
export const TOLERANCE_S = 10;
const LONGEST_ANSWER = 512 * 1024;

interface Known {
  readonly config: Promise<Configuration>;
  readonly until: number;
}

/** The providers of the settings, as they describe themselves. Everything that is asked of one goes through its circuit breaker. */
@Injectable()
export class OidcProviders {
  readonly #known = new Map<string, Known>();
  readonly #keys = new Map<string, JWTVerifyGetKey>();

  constructor(
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'OIDC_PROVIDERS_FILE'>,
    private readonly breakers: Breakers,
  ) {}

  /** Throws ProblemError 404. */
  named(name: string): OidcProvider {
    const provider = this.settings.OIDC_PROVIDERS_FILE?.find((one) => one.name === name);
    if (!provider) throw notFound('identity provider');
    return provider;
  }

  /** Rejects with DependencyUnavailable (503) when the provider does not answer, or answers something else. */
  async configurationOf(provider: OidcProvider): Promise<Configuration> {
    const known = this.#known.get(provider.name);
    if (known && known.until > performance.now()) return known.config;
    const config = this.#discover(provider);
    this.#known.set(provider.name, { config, until: performance.now() + METADATA_MS });
    try {
      return await config;
    } catch (error) {
      this.#known.delete(provider.name);
      throw outageIn(error) ?? new DependencyUnavailable(breakerName(provider), 10, error);
    }
  }

  /** The keys that sign this provider's tokens. */
  async keysOf(provider: OidcProvider): Promise<JWTVerifyGetKey> {
    const { jwks_uri: address } = (await this.configurationOf(provider)).serverMetadata();
    if (address === undefined) throw new DependencyUnavailable(breakerName(provider), 10, 'it publishes no keys');
    const known = this.#keys.get(address);
    const keys = known ?? createRemoteJWKSet(new URL(address), { [joseFetch]: this.#fetchOf(provider) });
    this.#keys.set(address, keys);
    return keys;
  }

  async #discover(provider: OidcProvider): Promise<Configuration> {
    const client = { id_token_signed_response_alg: provider.algorithm, [clockTolerance]: TOLERANCE_S };
    return discovery(provider.issuer, provider.clientId, client, authenticationOf(provider), {
      execute: [enableNonRepudiationChecks, ...(isInsecure(provider) ? [allowInsecureRequests] : [])],
      [customFetch]: this.#fetchOf(provider),
    });
  }

  /** An answer of 500 and more, none within the breaker's time, or one without end is an outage. */
  #fetchOf(provider: OidcProvider): (url: string, options: Asking) => Promise<Response> {
    const breaker = this.breakers.named(breakerName(provider));
    return (url, { method, headers, body = null }) =>
      breaker.execute(async (signal) => {
        const answer = await fetch(url, { method, headers, body, redirect: 'manual', signal });
        if (answer.status >= 500) throw new Error(`answered ${String(answer.status)}`);
        return new Response(await bodyOf(answer), { status: answer.status, headers: answer.headers });
      });
  }
}

/** What the libraries ask for; their own time-out is longer than the breaker's. */
interface Asking {
  readonly method: string;
  readonly headers: Headers | Record<string, string>;
  readonly body?: CustomFetchOptions['body'];
}

/** The outage that hides in an error of the library, if one does. */
export function outageIn(error: unknown): DependencyUnavailable | undefined {
  let inner = error;
  for (let depth = 0; depth < 5 && inner instanceof Error; depth += 1) {
    if (inner instanceof DependencyUnavailable) return inner;
    inner = inner.cause;
  }
  return undefined;
}

const breakerName = ({ name }: OidcProvider): string => `oidc:${name}`;

const authenticationOf = ({ clientSecret, clientAuthentication }: OidcProvider): ClientAuth => {
  if (clientSecret === null) return None();
  return clientAuthentication === 'basic' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
};

async function bodyOf(answer: Response): Promise<Blob | null> {
  const stream: ReadableStream<Uint8Array<ArrayBuffer>> | null = answer.body;
  if (!stream) return null;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.byteLength;
    if (size > LONGEST_ANSWER) throw new Error('answered without end');
    parts.push(part);
  }
  return answer.status === 204 || answer.status === 304 ? null : new Blob(parts);
}
