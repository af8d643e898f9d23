import { createHmac, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import { type IncomingRequest, ProblemError } from '@lexecon/auth';
import type { PublicOrigin } from './public-origin.js';

/** `__Host-`: browsers take it only over TLS, without a domain and for every path, so no neighbouring site can plant one. */
const COOKIE = '__Host-lexecon-session';
const NAMED = /(?:^|;)[ \t]*__Host-lexecon-session[ \t]*=/g;
const TOKEN = /^lxs_[0-9A-Za-z]{43}$/;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The `Set-Cookie` that hands a session to the browser. It ends with the browser, or with the session. */
export const setCookieOf = (token: string): string =>
  stringifySetCookie({ name: COOKIE, value: token, path: '/', secure: true, httpOnly: true, sameSite: 'strict' });

/** The `Set-Cookie` that takes it back. */
export const endedCookie = stringifySetCookie({
  name: COOKIE,
  value: '',
  path: '/',
  secure: true,
  httpOnly: true,
  sameSite: 'strict',
  maxAge: 0,
});

/** What a page sends as `X-CSRF-Token` with every write: bound to the session's token, which the page itself cannot read. */
export const csrfTokenOf = (token: string): string => createHmac('sha256', token).update('csrf').digest('base64url');

/** The session's token in the request's cookie, whoever sent it. Null: no cookie, several, a malformed one, or no TLS. */
export function cookieOf({ headers, secure }: IncomingRequest, site: PublicOrigin | undefined): string | null {
  const { cookie } = headers;
  if (cookie === undefined || !secure || !site?.secure || cookie.match(NAMED)?.length !== 1) return null;
  const token = parseCookie(cookie)[COOKIE];
  return token !== undefined && TOKEN.test(token) ? token : null;
}

/** The same. Throws ProblemError 403 when the request would change something and does not prove that a page of ours sent it. */
export function cookieTokenOf(request: IncomingRequest, site: PublicOrigin | undefined): string | null {
  const token = cookieOf(request, site);
  if (token === null || !site || SAFE.has(request.method)) return token;
  if (!isSameOrigin(request, site) || !carries(request, csrfTokenOf(token))) throw crossSite();
  return token;
}

/** Throws ProblemError 403 unless the browser says that a page of ours sent the request. */
export function assertSameOrigin(request: IncomingRequest, site: PublicOrigin): void {
  if (!isSameOrigin(request, site)) throw crossSite();
}

/** At least one of the two headers that pages cannot set, and neither saying otherwise. `Origin: null` is nobody's. */
function isSameOrigin({ headers }: IncomingRequest, { origin }: PublicOrigin): boolean {
  const fetchSite = headers['sec-fetch-site'];
  const said = [
    ...(fetchSite === undefined ? [] : [fetchSite === 'same-origin']),
    ...(headers.origin === undefined ? [] : [headers.origin === origin]),
  ];
  return said.length > 0 && said.every(Boolean);
}

function carries({ headers }: IncomingRequest, expected: string): boolean {
  const sent = headers['x-csrf-token'];
  const [given, wanted] = [Buffer.from(typeof sent === 'string' ? sent : ''), Buffer.from(expected)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const crossSite = (): ProblemError =>
  new ProblemError({
    status: 403,
    type: 'cross-site',
    title: 'Not from a page of this site',
    detail:
      'With a cookie, what changes something needs a same-origin Sec-Fetch-Site or Origin, and the X-CSRF-Token of GET /api/v1/auth/session.',
  });
