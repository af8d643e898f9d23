import type { Permission } from './permissions.js';

/** The authenticated caller. */
export interface Principal {
  readonly kind: 'person' | 'agent';
  /** UUID of the account. */
  readonly id: string;
  /** The name an agent or service is registered under (its `actor.id`); for a person the account's UUID: never a real name. */
  readonly name: string;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<Permission>;
  /** Whether the person proved a second factor within the last minutes (FRESH_PROOF_MINUTES). An agent never did. */
  readonly fresh: boolean;
}

/** What the guard asks to learn who is calling. `identity` provides it; a lookup that cannot be made rejects with ProblemError 503. */
export abstract class Authenticator {
  /** `authorization` is the header's whole value; null when the credentials are missing, unknown, expired or revoked. */
  abstract authenticate(authorization: string | undefined): Principal | null | Promise<Principal | null>;
}
