import { hash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '@lexecon/auth';
import type { KeyRole } from './actor.js';
import { parseApiKey } from './api-key.format.js';
import type { CredentialUses, Use } from './credential-use.js';
import { type KeyHolder, principalOf } from './key-holder.js';
import { type Networks, networksOf } from './network.rules.js';

/** Most tokens whose principal is remembered. */
const MOST = 10_000;

export interface StoredKey {
  readonly id: string;
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Buffer;
  readonly actorId: string;
  readonly role: KeyRole;
  readonly environment: string;
  /** Permissions that it is limited to; null: all of its role. */
  readonly scopes: readonly string[] | null;
  /** CIDR networks that it may be used from; null: from anywhere. */
  readonly networks: readonly string[] | null;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  readonly revoked: boolean;
}

interface Known {
  readonly principal: Principal;
  readonly expiresAt: number;
  readonly networks: Networks | null;
  readonly use: Use;
}

/** The keys in memory. A token that was seen before costs one hash and one look-up. */
export class KeyRing {
  readonly #keys = new Map<string, StoredKey>();
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly holderOf: (actorId: string) => KeyHolder | undefined,
    private readonly uses: CredentialUses,
  ) {}

  put(keys: readonly StoredKey[]): void {
    for (const key of keys) this.#keys.set(key.id, key);
  }

  /** To be called after every change of keys or of their holders. */
  forgetPrincipals(): void {
    this.#known.clear();
  }

  clear(): void {
    this.#keys.clear();
    this.#known.clear();
  }

  /** `now` in Unix milliseconds. Null when the token is malformed, unknown, expired or revoked, or used from a network it is not for. */
  principalOf(token: string, now: number, address: string): Principal | null {
    const digest = hash('sha256', token, 'base64');
    const known = this.#known.get(digest) ?? this.#lookUp(token, digest);
    if (!known || known.expiresAt <= now) return null;
    if (known.networks && !known.networks(address)) return null;
    known.use.at(now, address);
    return known.principal;
  }

  #lookUp(token: string, digest: string): Known | undefined {
    const parts = parseApiKey(token);
    const key = parts ? this.#keys.get(parts.id) : undefined;
    if (!parts || !key || key.revoked || key.environment !== parts.environment) return undefined;
    if (!timingSafeEqual(hash('sha256', parts.secret, 'buffer'), key.secretHash)) return undefined;
    const holder = this.holderOf(key.actorId);
    if (!holder) return undefined;
    const principal = principalOf(holder, key.role, key.scopes);
    const known = {
      principal,
      expiresAt: Math.min(key.expiresAt, holder.stopsAt),
      networks: key.networks && networksOf(key.networks),
      use: this.uses.of({ credential: key.id, proof: 'api-key', type: holder.type, by: principal }),
    };
    this.#remember(digest, known);
    return known;
  }

  #remember(digest: string, known: Known): void {
    this.#known.set(digest, known);
    if (this.#known.size <= MOST) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
