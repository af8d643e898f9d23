import { Injectable } from '@nestjs/common';
import { Authenticator, type IncomingRequest, type Principal } from '@lexecon/auth';
import { ActorRegistry } from './actor/actor-registry.js';
import { SessionService } from './sign-in/session.service.js';

const BEARER = /^Bearer ([!-~]{1,200})$/i;

/** The token of an `Authorization: Bearer` header; null for anything else. */
export const bearerOf = (authorization: string | undefined): string | null =>
  BEARER.exec(authorization ?? '')?.[1] ?? null;

/** Answers the guard: API keys from memory, at once; people's sessions from the database. */
@Injectable()
export class IdentityAuthenticator extends Authenticator {
  constructor(
    private readonly registry: ActorRegistry,
    private readonly sessions: SessionService,
  ) {
    super();
  }

  override authenticate({ headers, address }: IncomingRequest): Principal | null | Promise<Principal | null> {
    const token = bearerOf(headers.authorization);
    if (token === null) return null;
    if (token.startsWith('lxk_')) return this.registry.authenticateKey(token, address);
    return token.startsWith('lxs_') ? this.sessions.principalOf(token) : null;
  }
}
