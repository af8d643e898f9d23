import type { IncomingHttpHeaders } from 'node:http';
import type { Permission } from './permissions.js';

/** From where a request came. */
export interface Origin {
  /** Of the client, as the last proxy that is trusted (TRUST_PROXY) names it; without one, of the connection. Personal: never in a
   *  log, an error or a public field. */
  readonly address: string;
  /** As log lines and `x-request-id` have it. The caller may have chosen it. */
  readonly requestId?: string | undefined;
}

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
  /** The person an agent acts for, as the issuer of its token vouches (RFC 8693). It wins over what a request says. */
  readonly onBehalfOf?: { readonly type: string; readonly id: string };
  /** UUID of the session a person came in with. */
  readonly session?: string;
  /** From where this request came; the guard adds it to what the authenticator found. */
  readonly from?: Origin;
}

/** What an authenticator may look at. Nothing of it is true because the caller says so. */
export interface IncomingRequest extends Origin {
  readonly method: string;
  /** Names in lower case, as Node has them. */
  readonly headers: IncomingHttpHeaders;
  /** Whether the client, or the proxy that is trusted, came over TLS. */
  readonly secure: boolean;
}

/** What the guard asks to learn who is calling. `identity` provides it; a lookup that cannot be made rejects with ProblemError 503,
 *  a write that another site may have caused with 403. */
export abstract class Authenticator {
  /** Null when the credentials are missing, unknown, expired or revoked. */
  abstract authenticate(request: IncomingRequest): Principal | null | Promise<Principal | null>;
}
