import type { Principal } from '@lexecon/auth';
import type { Proof } from '../access/access-fact.js';
import { networkOf } from '../address.js';
import type { ActorType } from './actor.js';

/** A key or a federation, and whom it lets in. */
export interface Credential {
  readonly credential: string;
  readonly proof: Extract<Proof, 'api-key' | 'access-token'>;
  readonly type: ActorType;
  readonly by: Principal;
}

/** The first use of a credential from a network, as this process knows it. */
export interface FirstUse extends Credential {
  readonly network: string;
  readonly address: string;
}

/** Networks of one credential that are remembered here; the database knows the others. */
const MOST_NETWORKS = 64;
/** First uses that wait to be put on record. */
const MOST_WAITING = 10_000;

/** When and from where credentials are used, in memory: written later and in bulk, since decisions must not wait for it. */
export class CredentialUses {
  readonly #uses = new Map<string, Use>();
  #waiting: FirstUse[] = [];
  /** First uses that found no room to wait. */
  #lost = 0;

  /** The use of this credential: the same object for as long as the process lives. */
  of(given: Credential): Use {
    const known = this.#uses.get(given.credential);
    if (known) {
      known.given = given;
      return known;
    }
    const use = new Use(given, (first) => this.#wait(first));
    this.#uses.set(given.credential, use);
    return use;
  }

  /** Takes what waits; who cannot put it on record gives it back. */
  takeFirst(): readonly FirstUse[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  giveBack(first: readonly FirstUse[]): void {
    for (const one of first) this.#wait(one);
  }

  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** Credentials used since `since`, and when last; Unix milliseconds. */
  usedSince(since: number): ReadonlyMap<string, number> {
    return new Map([...this.#uses].filter(([, use]) => use.usedAt >= since).map(([id, use]) => [id, use.usedAt]));
  }

  #wait(first: FirstUse): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(first);
    else this.#lost += 1;
  }
}

/** One credential's use. On the path of every request: two assignments and a comparison unless the address changed. */
export class Use {
  usedAt = 0;
  #address = '';
  readonly #networks = new Set<string>();

  constructor(
    public given: Credential,
    private readonly found: (first: FirstUse) => void,
  ) {}

  at(now: number, address: string): void {
    this.usedAt = now;
    if (address !== this.#address) this.#from(address);
  }

  #from(address: string): void {
    this.#address = address;
    const network = networkOf(address);
    if (this.#networks.has(network)) return;
    if (this.#networks.size >= MOST_NETWORKS) this.#networks.clear();
    this.#networks.add(network);
    this.found({ ...this.given, network, address });
  }
}
