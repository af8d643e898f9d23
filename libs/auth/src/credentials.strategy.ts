import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-custom';
import type { Authenticator, Principal } from './principal.js';

export const CREDENTIALS = 'credentials';

/** What the guard hands to the strategy with each request, so that the strategy itself holds nothing of one application. */
export interface CredentialsOptions {
  readonly authenticator: Authenticator;
}

interface Credentialed {
  readonly headers: { readonly authorization?: string };
}

/** Passport's side of the guard: credentials come from the `Authorization` header alone, never from a query or a body. */
export class CredentialsStrategy extends PassportStrategy(Strategy, CREDENTIALS) {
  constructor() {
    super({ passOptionsToCallback: true });
  }

  override validate(
    request: Credentialed,
    { authenticator }: CredentialsOptions,
  ): Principal | null | Promise<Principal | null> {
    return authenticator.authenticate(request.headers.authorization);
  }
}
