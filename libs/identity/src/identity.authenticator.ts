import { Injectable } from '@nestjs/common';
import { Authenticator, type IncomingRequest, type Principal } from '@lexecon/auth';
import { ActorRegistry } from './actor/actor-registry.js';
import { SessionCarrier } from './session/session.carrier.js';
import { SessionService } from './sign-in/session.service.js';

/** Answers the guard: API keys from memory, at once; people's sessions from the database. */
@Injectable()
export class IdentityAuthenticator extends Authenticator {
  constructor(
    private readonly registry: ActorRegistry,
    private readonly sessions: SessionService,
    private readonly carrier: SessionCarrier,
  ) {
    super();
  }

  override authenticate(request: IncomingRequest): Principal | null | Promise<Principal | null> {
    const credentials = this.carrier.credentialsOf(request);
    if (credentials === null) return null;
    const { token, transport } = credentials;
    if (token.startsWith('lxk_')) return this.registry.authenticateKey(token, request.address);
    return token.startsWith('lxs_') ? this.sessions.principalOf(token, transport) : null;
  }
}
