import { Injectable } from '@nestjs/common';
import { Authenticator, type IncomingRequest, type Principal } from '@lexecon/auth';
import { ActorRegistry } from './actor/actor-registry.js';
import { FederatedTokens } from './federation/federated-tokens.js';
import { SessionCarrier } from './session/session.carrier.js';
import { SessionService } from './sign-in/session.service.js';

/** The compact form of a JWS: three parts in base64url. */
const JWS = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Answers the guard: API keys from memory, at once, and so tokens of pinned issuers once they were verified; people's sessions from
 *  the database. */
@Injectable()
export class IdentityAuthenticator extends Authenticator {
  constructor(
    private readonly registry: ActorRegistry,
    private readonly sessions: SessionService,
    private readonly carrier: SessionCarrier,
    private readonly tokens: FederatedTokens,
  ) {
    super();
  }

  override authenticate(request: IncomingRequest): Principal | null | Promise<Principal | null> {
    const credentials = this.carrier.credentialsOf(request);
    if (credentials === null) return null;
    const { token, transport } = credentials;
    if (token.startsWith('lxk_')) return this.registry.authenticateKey(token, request.address);
    if (token.startsWith('lxs_')) return this.sessions.principalOf(token, transport);
    return transport === 'bearer' && JWS.test(token) ? this.tokens.principalOf(token, request.address) : null;
  }
}
