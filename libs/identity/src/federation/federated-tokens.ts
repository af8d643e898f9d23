import { hash } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import type { Principal } from '@lexecon/auth';
import { Breakers } from '@lexecon/resilience';
import { ActorRegistry } from '../actor/actor-registry.js';
import { CredentialUses, type Use } from '../actor/credential-use.js';
import { principalOf } from '../actor/key-holder.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import type { Issuer } from './issuer.js';
import { type IssuerKeys, issuerKeys } from './issuer.keys.js';
import { claimedIssuer, reasonOf, type VerifiedToken, verify } from './token.verifier.js';

/** Most tokens that are remembered as verified. */
const MOST = 10_000;

interface Pinned {
  readonly issuer: Issuer;
  readonly keys: IssuerKeys;
}

interface Known {
  readonly from: Pinned;
  readonly token: VerifiedToken;
  /** Of the issuer's keys that it was verified with. */
  readonly generation: number;
  /** Of the registry that `holder` comes from. */
  version: number;
  holder: Holder | null;
}

interface Holder {
  readonly principal: Principal;
  readonly stopsAt: number;
  readonly use: Use;
}

/** Lets agents in by tokens of pinned issuers. One that was seen before costs a hash and look-ups, until it expires. */
@Injectable()
export class FederatedTokens {
  readonly #logger = new Logger(FederatedTokens.name);
  readonly #pinned: ReadonlyMap<string, Pinned>;
  readonly #known = new Map<string, Known>();
  readonly #counter = metrics.getMeter('lexecon').createCounter('lexecon.agent.token.verifications', {
    description: 'Tokens of pinned issuers that were verified, by issuer and result',
  });

  constructor(
    private readonly registry: ActorRegistry,
    private readonly uses: CredentialUses,
    breakers: Breakers,
    @Inject(SETTINGS) settings: Pick<IdentitySettings, 'AGENT_ISSUERS_FILE' | 'API_KEY_ENVIRONMENT'>,
  ) {
    const { AGENT_ISSUERS_FILE: issuers = [], API_KEY_ENVIRONMENT: here } = settings;
    const ours = issuers.filter(({ environment = here }) => environment === here);
    this.#pinned = new Map(
      ours.map((issuer) => [
        issuer.issuer,
        { issuer, keys: issuerKeys(issuer, breakers.named(`jwks:${issuer.issuer}`)) },
      ]),
    );
  }

  isPinned(issuer: string): boolean {
    return this.#pinned.has(issuer);
  }

  /** Null: not a token of a pinned issuer, not accepted, or of nobody who is registered. Throws ProblemError 503 when that cannot be
   *  found out: the issuer's keys cannot be had, or the registry is more than a second old. */
  principalOf(token: string, address: string): Principal | null | Promise<Principal | null> {
    if (this.#pinned.size === 0) return null;
    const digest = hash('sha256', token, 'base64');
    const known = this.#known.get(digest);
    if (!known || known.token.expiresAt <= Date.now() || known.from.keys.generation() !== known.generation)
      return this.#verify(token, digest, address);
    return this.#admit(known, address);
  }

  async #verify(token: string, digest: string, address: string): Promise<Principal | null> {
    this.#known.delete(digest);
    const from = this.#pinned.get(claimedIssuer(token) ?? '');
    if (!from) return null;
    const verified = await this.#verified(token, from);
    if (!verified) return null;
    const known: Known = { from, ...verified, version: -1, holder: null };
    this.#remember(digest, known);
    return this.#admit(known, address);
  }

  async #verified(token: string, { issuer, keys }: Pinned): Promise<Pick<Known, 'token' | 'generation'> | null> {
    const count = (result: string): void => {
      this.#counter.add(1, { issuer: issuer.issuer, result });
    };
    // Before it is verified: keys that change meanwhile are not those it was verified with.
    const generation = keys.generation();
    try {
      const verified = await verify(token, issuer, keys, Date.now());
      count('accepted');
      return { token: verified, generation };
    } catch (error) {
      const reason = reasonOf(error);
      count(reason ?? 'unavailable');
      if (reason === undefined) throw error;
      this.#logger.debug(`a token of ${issuer.issuer} is not accepted: ${reason}`);
      return null;
    }
  }

  #admit(known: Known, address: string): Principal | null {
    const version = this.registry.version();
    if (known.version !== version) {
      known.holder = this.#holderOf(known);
      known.version = version;
    }
    const { holder } = known;
    const now = Date.now();
    if (!holder || holder.stopsAt <= now) return null;
    holder.use.at(now, address);
    return holder.principal;
  }

  #holderOf({ from: { issuer }, token: { subject, person, scopes } }: Known): Holder | null {
    const found = this.registry.federated(issuer.issuer, subject);
    if (!found) return null;
    const { id, role, holder } = found;
    const principal = { ...principalOf(holder, role, scopes), ...(person && { onBehalfOf: person }) };
    const use = this.uses.of({ credential: id, proof: 'access-token', type: holder.type, by: principal });
    return { principal, stopsAt: holder.stopsAt, use };
  }

  #remember(digest: string, known: Known): void {
    this.#known.set(digest, known);
    if (this.#known.size <= MOST) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
