import { hash, timingSafeEqual } from 'node:crypto';
import { permissionsOf, type Principal } from '@lexecon/auth';
import type { ActorType, KeyRole } from './actor.js';
import { parseApiKey } from './api-key.format.js';

/** Most tokens whose principal is remembered. */
const MOST = 10_000;

export interface StoredKey {
  readonly id: string;
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Buffer;
  readonly actorId: string;
  readonly role: KeyRole;
  readonly environment: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  readonly revoked: boolean;
}

export interface KeyHolder {
  readonly id: string;
  readonly type: ActorType;
  readonly name: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
}

interface Known {
  readonly principal: Principal;
  readonly expiresAt: number;
}

/** The keys in memory. A token that was seen before costs one hash and one look-up. */
export class KeyRing {
  readonly #keys = new Map<string, StoredKey>();
  readonly #known = new Map<string, Known>();

  constructor(private readonly holderOf: (actorId: string) => KeyHolder | undefined) {}

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

  /** `now` in Unix milliseconds. Null when the token is malformed, unknown, expired or revoked. */
  principalOf(token: string, now: number): Principal | null {
    const digest = hash('sha256', token, 'base64');
    const known = this.#known.get(digest) ?? this.#lookUp(token, digest);
    return known && known.expiresAt > now ? known.principal : null;
  }

  #lookUp(token: string, digest: string): Known | undefined {
    const parts = parseApiKey(token);
    const key = parts ? this.#keys.get(parts.id) : undefined;
    if (!parts || !key || key.revoked || key.environment !== parts.environment) return undefined;
    if (!timingSafeEqual(hash('sha256', parts.secret, 'buffer'), key.secretHash)) return undefined;
    const holder = this.holderOf(key.actorId);
    if (!holder) return undefined;
    const known = { principal: principalOf(key, holder), expiresAt: key.expiresAt };
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

/** A disabled holder may still ask about itself, so that the attempt is denied on record; it speaks for nobody else. A gateway's
 *  or provisioner's key is one only while its holder is registered with that role. */
function principalOf(key: StoredKey, holder: KeyHolder): Principal {
  const holds = holder.roles.includes(key.role) && !holder.disabled;
  const roles = [holds ? key.role : 'agent'];
  return { kind: 'agent', id: holder.id, name: holder.name, roles, permissions: permissionsOf(roles), fresh: false };
}
