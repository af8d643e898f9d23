import type { IncomingHttpHeaders } from 'node:http';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-custom';
import type { Authenticator, IncomingRequest, Origin, Principal } from './principal.js';

export const CREDENTIALS = 'credentials';

/** What the guard hands to the strategy with each request, so that the strategy itself holds nothing of one application. */
export interface CredentialsOptions {
  readonly authenticator: Authenticator;
}

/** The part of a Fastify request that says who is calling. */
export interface FastifyCaller {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly id: string;
  readonly protocol: string;
}

export const incomingOf = (request: FastifyCaller): IncomingRequest => ({
  ...originOf(request),
  method: request.method,
  headers: request.headers,
  secure: request.protocol === 'https',
});

export const originOf = ({ ip, id }: Pick<FastifyCaller, 'ip' | 'id'>): Origin => ({ address: ip, requestId: id });

/** Passport's side of the guard: credentials come with the headers alone, never from a query or a body. */
export class CredentialsStrategy extends PassportStrategy(Strategy, CREDENTIALS) {
  constructor() {
    super({ passOptionsToCallback: true });
  }

  override validate(
    request: FastifyCaller,
    { authenticator }: CredentialsOptions,
  ): Principal | null | Promise<Principal | null> {
    return authenticator.authenticate(incomingOf(request));
  }
}
