import type { IncomingHttpHeaders } from 'node:http';
import { ProblemError } from '@lexecon/auth';
import { comingFrom } from '../sign-in/sign-in.testing.js';
import { publicOriginOf } from './public-origin.js';
import { csrfTokenOf, endedCookie, setCookieOf } from './session.cookie.js';
import { credentialsOf } from './session.credentials.js';

const site = publicOriginOf('https://lexecon.example');
const token = `lxs_${'a'.repeat(43)}`;
const other = `lxs_${'b'.repeat(43)}`;
const cookie = `__Host-lexecon-session=${token}`;
const proof = { origin: 'https://lexecon.example', 'x-csrf-token': csrfTokenOf(token) };

const outcome = (method: string, headers: IncomingHttpHeaders, secure = true): unknown => {
  try {
    return credentialsOf(comingFrom('192.0.2.1', { method, headers, secure }), site)?.transport ?? 401;
  } catch (error) {
    return error instanceof ProblemError ? error.problem.status : error;
  }
};

describe('a session’s cookie', () => {
  it('is for TLS only, closed to scripts, for the whole of this host, and not sent from other sites', () => {
    const attributes = setCookieOf(token).split('; ').slice(1).toSorted();
    expect(attributes).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']);
    expect(setCookieOf(token)).toMatch(/^__Host-lexecon-session=lxs_a+; /);
    expect(endedCookie).toMatch(/^__Host-lexecon-session=; .*Max-Age=0/);
  });

  it('reads with nothing more', () => {
    expect(['GET', 'HEAD', 'OPTIONS'].map((method) => outcome(method, { cookie }))).toEqual([
      'cookie',
      'cookie',
      'cookie',
    ]);
  });

  it.each<readonly [string, IncomingHttpHeaders]>([
    ['by its Origin', proof],
    ['by Sec-Fetch-Site', { 'sec-fetch-site': 'same-origin', 'x-csrf-token': csrfTokenOf(token) }],
    ['by both', { ...proof, 'sec-fetch-site': 'same-origin' }],
  ])('writes from a page of this site, known %s', (_, headers) => {
    expect(outcome('POST', { cookie, ...headers })).toBe('cookie');
    expect(outcome('DELETE', { cookie, ...headers })).toBe('cookie');
  });

  it.each<readonly [string, IncomingHttpHeaders]>([
    ['without any of it', {}],
    ['without the token of the page', { origin: proof.origin }],
    ['without Origin and Sec-Fetch-Site', { 'x-csrf-token': proof['x-csrf-token'] }],
    ['from another site', { ...proof, origin: 'https://evil.test' }],
    ['from a neighbouring host', { ...proof, origin: 'https://app.lexecon.example' }],
    ['from the same host without TLS', { ...proof, origin: 'http://lexecon.example' }],
    ['from another port', { ...proof, origin: 'https://lexecon.example:8443' }],
    ['from a sandboxed frame (Origin: null)', { ...proof, origin: 'null' }],
    ['that says cross-site', { ...proof, 'sec-fetch-site': 'cross-site' }],
    ['that says same-site', { ...proof, 'sec-fetch-site': 'same-site' }],
    ['that nobody’s page sent', { ...proof, 'sec-fetch-site': 'none' }],
    ['with the token of another session', { ...proof, 'x-csrf-token': csrfTokenOf(other) }],
    ['with a token of the right length', { ...proof, 'x-csrf-token': 'é'.repeat(21) + 'x' }],
    ['with two tokens', { ...proof, 'x-csrf-token': `${proof['x-csrf-token']}, x` }],
  ])('does not write %s', (_, headers) => {
    expect(outcome('POST', { cookie, ...headers })).toBe(403);
    expect(outcome('BREW', { cookie, ...headers })).toBe(403);
  });

  it.each([
    ['twice', `${cookie}; ${cookie}`],
    ['twice, once with spaces', `${cookie};\t__Host-lexecon-session =x`],
    ['with something else in it', '__Host-lexecon-session=lxk_local_x'],
    ['empty', '__Host-lexecon-session='],
    ['too long', `${cookie}${'a'.repeat(9_000)}`],
    ['under another name', `lexecon-session=${token}`],
    ['under a name in other letters', `__host-lexecon-session=${token}`],
    ['escaped badly', '__Host-lexecon-session=%E0%A4%A'],
  ])('counts for nobody %s', (_, sent) => {
    expect(outcome('GET', { cookie: sent })).toBe(401);
  });

  it('counts for nobody without TLS', () => {
    expect(outcome('GET', { cookie }, false)).toBe(401);
  });

  it('is not looked at beside an Authorization header, good or bad', () => {
    expect(outcome('POST', { cookie, authorization: `Bearer ${other}` })).toBe('bearer');
    for (const authorization of ['', 'Bearer', 'Basic x', 'Bearer é']) {
      expect(outcome('GET', { cookie, authorization })).toBe(401);
      expect(outcome('POST', { cookie, ...proof, authorization })).toBe(401);
    }
  });
});
