import { Inject, Injectable } from '@nestjs/common';
import { type IncomingRequest, type ProblemError, unprocessable } from '@lexecon/auth';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { type PublicOrigin, publicOriginOf } from './public-origin.js';
import { assertSameOrigin, cookieOf, csrfTokenOf, endedCookie, setCookieOf } from './session.cookie.js';
import { type Credentials, credentialsOf, type Transport } from './session.credentials.js';

/** What an answer needs to be able to do. */
export interface Reply {
  header(name: string, value: string): unknown;
}

/** A session on its way to the caller. */
export interface Carried {
  readonly session: Transport;
  readonly token: string;
  readonly expiresAt: Date;
}

/** How sessions get to browsers and programs, and back. */
@Injectable()
export class SessionCarrier {
  readonly #site: PublicOrigin | undefined;

  constructor(@Inject(SETTINGS) { PUBLIC_URL }: Pick<IdentitySettings, 'PUBLIC_URL'>) {
    this.#site = publicOriginOf(PUBLIC_URL ?? '');
  }

  /** The token the caller came with; null without one that is well formed. Throws ProblemError 403 for a write with a cookie that no
   *  page of ours sent. */
  credentialsOf(request: IncomingRequest): Credentials | null {
    return credentialsOf(request, this.#site);
  }

  /** To be called before a session is opened. Throws ProblemError 422 when the caller asks for a cookie that the browser would not
   *  take, 403 when another site does. */
  assertPossible(transport: Transport, request: IncomingRequest): void {
    this.assertCarriable(transport, request);
    if (transport === 'cookie' && this.#site) assertSameOrigin(request, this.#site);
  }

  /** The first half of it: for a navigation that something else binds to the browser (single sign-on). */
  assertCarriable(transport: Transport, { secure }: Pick<IncomingRequest, 'secure'>): void {
    if (transport === 'bearer') return;
    if (!this.#site?.secure) throw noCookie('cookies need PUBLIC_URL to be https: use bearer');
    if (!secure) throw noCookie('cookies need TLS, or a proxy with TLS that TRUST_PROXY names: use bearer');
  }

  /** The token that the browser holds and that a new cookie will overwrite. */
  heldBy(transport: Transport, request: IncomingRequest): string | null {
    return transport === 'cookie' ? cookieOf(request, this.#site) : null;
  }

  /** The token goes into the cookie or into what this answers, never both. */
  hand(
    reply: Reply,
    { session, token, expiresAt }: Carried,
  ): { readonly session: Transport; readonly expiresAt: Date; readonly token?: string; readonly csrfToken?: string } {
    reply.header('cache-control', 'no-store');
    if (session === 'bearer') return { session, token, expiresAt };
    reply.header('set-cookie', setCookieOf(token));
    return { session, csrfToken: csrfTokenOf(token), expiresAt };
  }

  /** Takes the cookie back, if that is how the session was carried. */
  takeBack(reply: Reply, { transport }: Credentials): void {
    if (transport === 'cookie') reply.header('set-cookie', endedCookie);
  }
}

const noCookie = (detail: string): ProblemError => unprocessable([{ pointer: '/session', detail }]);
