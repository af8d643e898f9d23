import type { IncomingRequest } from '@lexecon/auth';
import type { PublicOrigin } from './public-origin.js';
import { cookieTokenOf } from './session.cookie.js';

const BEARER = /^Bearer ([!-~]{1,8192})$/i;

export type Transport = 'bearer' | 'cookie';

export interface Credentials {
  readonly token: string;
  readonly transport: Transport;
}

/** The token of an `Authorization: Bearer` header; null for anything else. */
const bearerOf = (authorization: string | undefined): string | null => BEARER.exec(authorization ?? '')?.[1] ?? null;

/** What the caller came with. An `Authorization` header, good or bad, is the only one that counts; without one the cookie does.
 *  Throws ProblemError 403 for a write with a cookie that a page of ours did not send. */
export function credentialsOf(request: IncomingRequest, site: PublicOrigin | undefined): Credentials | null {
  const { authorization } = request.headers;
  const token = authorization === undefined ? cookieTokenOf(request, site) : bearerOf(authorization);
  if (token === null) return null;
  return { token, transport: authorization === undefined ? 'cookie' : 'bearer' };
}
