import type { FastifyInstance } from 'fastify';

const YEAR_S = 31_536_000;

/** What every answer tells browsers: run nothing, show it in no frame, tell nobody where it came from, keep no copy. */
const closed = {
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'cache-control': 'no-store',
} as const;

/** The documentation's page runs its own scripts and styles, and asks this server only. */
const documentation = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
} as const;

const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** The headers of an answer to this address; `tls`: whether clients reach the deployment over TLS (RFC 6797 forbids the last one
 *  where they do not). */
export const securityHeaders = (path: string, tls: boolean): Readonly<Record<string, string>> => ({
  ...always,
  ...(/^\/docs(?:[/?]|$)/.test(path) ? documentation : closed),
  ...(tls ? { 'strict-transport-security': `max-age=${String(2 * YEAR_S)}; includeSubDomains` } : {}),
});

/** Sets them before a route runs, so that a route may say otherwise (a tile that never changes may be kept). */
export function setSecurityHeaders(fastify: FastifyInstance, publicUrl: string | undefined): void {
  const published = publicUrl?.startsWith('https:') === true;
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers(securityHeaders(request.url, published || request.protocol === 'https'));
    done();
  });
}
