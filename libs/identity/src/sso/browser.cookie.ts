import { parseCookie, stringifySetCookie } from 'cookie';

/** Name of the cookie that binds a sign-in to the browser that began it. `__Host-` keeps other hosts of the domain from setting it; it needs
 *  TLS, which a deployment on this machine does not have. */
const nameOf = (secure: boolean): string => (secure ? '__Host-lexecon-sso' : 'lexecon-sso');

/** `value` null takes the cookie away. The browser sends it along when the provider leads it back (Lax), and to nothing but us. */
export function browserCookie(value: string | null, secure: boolean, seconds: number): string {
  return stringifySetCookie({
    name: nameOf(secure),
    value: value ?? '',
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: value === null ? 0 : seconds,
  });
}

export const browserOf = (cookies: string | undefined, secure: boolean): string | undefined =>
  parseCookie(cookies ?? '')[nameOf(secure)];
