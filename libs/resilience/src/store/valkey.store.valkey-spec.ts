import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { Breaker } from '../breaker/breaker.js';
import { SharedLimits } from './shared-limits.js';
import { sharedBucketTests } from './store.testing.js';
import { ValkeyStore } from './valkey.store.js';

const program = ['valkey-server', 'redis-server'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** A server of its own, that writes every change to its log before it answers. */
class Server {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lexecon-valkey-'));
  readonly #clients: { close(): void }[] = [];
  #process: ChildProcess | undefined;
  url = '';

  async start(...more: readonly string[]): Promise<void> {
    const port = this.url === '' ? await freePort() : Number(new URL(this.url).port);
    this.url = `redis://127.0.0.1:${port}`;
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    const log = ['--appendonly', 'yes', '--appendfsync', 'always'];
    this.#process = spawn(program ?? 'valkey-server', [...settings, ...log, ...more], { stdio: 'ignore' });
    const client = createClient({ url: this.url, socket: { reconnectStrategy: 20 } });
    client.on('error', () => undefined);
    await client.connect();
    client.destroy();
  }

  /** A store of this server, connected. */
  async store(): Promise<ValkeyStore> {
    const store = new ValkeyStore(this.url, new Breaker('limits-store', { timeoutMs: 2_000, openMs: 20 }));
    this.#clients.push(store);
    store.connect();
    await answers(store);
    return store;
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    if (this.#process) await once(this.#process, 'exit');
    this.#process = undefined;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function answers(store: ValkeyStore): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    const well = await store.check().then(
      () => true,
      () => false,
    );
    if (well) return;
    await sleep(20);
  }
  throw new Error('the store did not answer');
}

const SLOW = { burst: 10, perSecond: 0.001 };

describe('buckets shared over Valkey', () => {
  const server = new Server();
  let store: ValkeyStore;
  let twin: ValkeyStore;

  beforeAll(async () => {
    await server.start();
    store = await server.store();
    twin = await server.store();
  });
  afterAll(() => server.stop());

  sharedBucketTests(() => ({ store, twin, kept }));

  async function kept(): Promise<number> {
    const client = await createClient({ url: server.url }).connect();
    const keys = await client.keys('*');
    client.destroy();
    return keys.length;
  }

  it('refuse with 503 while the server is gone, and hold what they held when it is back', async () => {
    const limits = new SharedLimits(store);
    const limit = { name: 'password account', ...SLOW };
    for (let i = 0; i < 10; i += 1) await limits.take(limit, 'ada@example.com');
    await server.kill();
    await expect(limits.take(limit, 'ada@example.com')).rejects.toMatchObject({
      problem: { status: 503, type: 'limits-unavailable' },
    });
    await server.start();
    await answers(store);
    await expect(limits.take(limit, 'ada@example.com')).rejects.toMatchObject({ problem: { status: 429 } });
  });
});

describe('a Valkey server that would evict buckets', () => {
  const server = new Server();
  afterAll(() => server.stop());

  it('is relied on no more once health has seen that it was set so under way', async () => {
    const changed = new Server();
    try {
      await changed.start();
      const store = await changed.store();
      expect(await store.take(Buffer.alloc(32), SLOW, 1)).toBe(0);
      const client = await createClient({ url: changed.url }).connect();
      await client.configSet('maxmemory-policy', 'allkeys-lru');
      client.destroy();
      await expect(store.check()).rejects.toMatchObject({ problem: { status: 503 } });
      await expect(store.take(Buffer.alloc(32), SLOW, 1)).rejects.toMatchObject({ problem: { status: 503 } });
    } finally {
      await changed.stop();
    }
  });

  it('is not relied on: everything that asks it is refused', async () => {
    await server.start('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru');
    const store = new ValkeyStore(server.url, new Breaker('limits-store', { openMs: 5 }));
    store.connect();
    try {
      for (let i = 0; i < 50; i += 1) {
        await sleep(10);
        await expect(store.take(Buffer.alloc(32), SLOW, 1)).rejects.toMatchObject({ problem: { status: 503 } });
      }
      const reasons = await store.check().catch((error: unknown) => String((error as Error).cause));
      expect(reasons).toMatch(/evicts keys \(maxmemory-policy allkeys-lru\)|circuit/i);
    } finally {
      store.close();
    }
  });
});
