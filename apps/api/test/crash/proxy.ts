import { connect, createServer, type Server, type Socket } from 'node:net';

const HAPPENS_WITHIN_MS = 30_000;

/** Which connections and statements a fault is meant for. */
interface Target {
  /** `application_name` of the connection. */
  readonly application: string;
  /** Bytes that the client's message must hold. */
  readonly containing: string;
}

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  application: string;
  /** From now on nothing that the server says reaches the client. */
  muted: boolean;
}

/** Stands between one server process and PostgreSQL and cuts connections at the worst moment: when the statement has been forwarded
 *  and its answer has not come back. */
export class Proxy {
  readonly #links = new Set<Link>();
  readonly #armed: { readonly target: Target; readonly done: () => void; readonly way: 'cut' | 'mute' }[] = [];

  private constructor(
    private readonly server: Server,
    private readonly upstreamPort: number,
  ) {
    server.on('connection', (client) => {
      this.#accept(client);
    });
  }

  static async start(upstreamPort: number): Promise<Proxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Proxy(server, upstreamPort);
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is not listening');
    return address.port;
  }

  /** Whether PostgreSQL's client on this port came through here. */
  owns(clientPort: number): boolean {
    return [...this.#links].some((link) => link.upstream.localPort === clientPort);
  }

  /** Resolves when the next such statement was forwarded and its connection was cut before any answer. */
  cutAfterNext(target: Target): Promise<void> {
    return this.#arm(target, 'cut');
  }

  /** Resolves when the next such statement was forwarded; its connection stays open and says nothing any more. */
  muteAfterNext(target: Target): Promise<void> {
    return this.#arm(target, 'mute');
  }

  close(): void {
    this.server.close();
    for (const { client, upstream } of this.#links) {
      client.destroy();
      upstream.destroy();
    }
  }

  #arm(target: Target, way: 'cut' | 'mute'): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`no such statement within half a minute: ${target.containing} of ${target.application}`));
      }, HAPPENS_WITHIN_MS);
      const done = (): void => {
        clearTimeout(late);
        resolve();
      };
      this.#armed.push({ target, done, way });
    });
  }

  #accept(client: Socket): void {
    const upstream = connect({ port: this.upstreamPort, host: '127.0.0.1', noDelay: true });
    const link: Link = { client, upstream, application: '', muted: false };
    this.#links.add(link);
    client.on('data', (data: Buffer) => {
      this.#forward(link, data);
    });
    upstream.on('data', (data: Buffer) => {
      if (!link.muted) client.write(data);
    });
    client.on('error', () => undefined);
    upstream.on('error', () => undefined);
    client.on('close', () => {
      upstream.end();
      this.#links.delete(link);
    });
    upstream.on('close', () => {
      if (!link.muted) client.destroy();
    });
  }

  #forward(link: Link, data: Buffer): void {
    link.application ||= /application_name\0([^\0]*)\0/.exec(data.toString('latin1'))?.[1] ?? '';
    const at = this.#armed.findIndex(
      ({ target }) => target.application === link.application && data.includes(target.containing),
    );
    const [fault] = at === -1 ? [] : this.#armed.splice(at, 1);
    if (fault) link.muted = true;
    link.upstream.write(data, () => {
      if (!fault) return;
      if (fault.way === 'cut') link.client.destroy();
      fault.done();
    });
  }
}
