import { isIP } from 'node:net';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Where browsers reach this deployment (PUBLIC_URL). Nothing that a request says ever stands in for it. */
export interface PublicOrigin {
  /** As browsers send it in `Origin`: scheme, host, and a port that is not the scheme's own. */
  readonly origin: string;
  readonly secure: boolean;
  /** The domain passkeys are bound to; null when the host is an address, which WebAuthn does not take. */
  readonly passkeyDomain: string | null;
}

/** Undefined when the text is no origin (scheme, host and port, nothing more), or neither https nor on this machine. */
export function publicOriginOf(text: string): PublicOrigin | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.href !== `${url?.origin ?? ''}/` || !['http:', 'https:'].includes(url.protocol)) return undefined;
  const { origin, hostname } = url;
  const secure = url.protocol === 'https:';
  if (!secure && !LOOPBACK.has(hostname)) return undefined;
  const address = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
  return { origin, secure, passkeyDomain: address ? null : hostname };
}
