import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TlsFront {
  /** `https://localhost:<port>` */
  readonly origin: string;
  /** Whom to send everything but the page to. */
  readonly lead: (url: string) => void;
  readonly close: () => Promise<void>;
}

/** TLS before the server, as a load balancer has it: its own certificate for localhost, made on the spot, and an empty page at /page. */
export async function tlsFront(): Promise<TlsFront> {
  let target = '';
  const front = createServer(certificate(), (incoming, answer) => {
    if (incoming.url === '/page')
      answer.setHeader('content-type', 'text/html').end('<!doctype html><title>page</title>');
    else pass(incoming, answer, target);
  });
  await new Promise<void>((resolve) => {
    front.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `https://localhost:${String((front.address() as AddressInfo).port)}`,
    lead: (url) => {
      target = url;
    },
    close: () =>
      new Promise((resolve) => {
        front.close(() => {
          resolve();
        });
        front.closeAllConnections();
      }),
  };
}

function pass(incoming: IncomingMessage, answer: ServerResponse, target: string): void {
  const headers = { ...incoming.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '198.51.100.7' };
  const outgoing = request(new URL(incoming.url ?? '/', target), { method: incoming.method ?? 'GET', headers });
  outgoing.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  outgoing.on('error', () => answer.destroy());
  incoming.pipe(outgoing);
}

function certificate(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
    ]);
    if (made.status !== 0) throw new Error(`openssl made no certificate: ${String(made.stderr)}`);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
