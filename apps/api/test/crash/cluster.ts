import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { noteSigner } from '@lexecon/crypto';
import { formatApiKey, freshApiKey } from '@lexecon/identity';
import { Journal } from './journal.js';
import type { LogIdentity } from './late-committer.js';
import { PostgresProcess } from './postgres.process.js';
import { Proxy } from './proxy.js';
import { copyProgram, ServerProcess } from './server.process.js';

const ORIGIN = 'crash.test';

/** Who leads the sequencing, as PostgreSQL sees it. */
export interface Leader {
  readonly server: ServerProcess;
  /** PostgreSQL's process for the leader's session. */
  readonly session: number;
}

/** One PostgreSQL, two server processes that share keys and guard, a proxy before each of them, and a journal. */
export class Cluster {
  private constructor(
    readonly postgres: PostgresProcess,
    readonly proxies: readonly Proxy[],
    readonly servers: readonly ServerProcess[],
    readonly apiKey: string,
    readonly journal: Journal,
    readonly folder: string,
  ) {}

  static async start(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'lexecon-crash-'));
    chmodSync(folder, 0o711);
    const data = join(folder, 'data');
    mkdirSync(data);
    const main = copyProgram(folder);
    const postgres = await PostgresProcess.create();
    const apiKey = formatApiKey(freshApiKey('crash'));
    const proxies = [await Proxy.start(postgres.port), await Proxy.start(postgres.port)];
    const servers: ServerProcess[] = [];
    for (const [i, proxy] of proxies.entries()) {
      const settings = {
        NODE_ENV: 'test',
        DATABASE_URL: Object.assign(new URL(postgres.url), { port: String(proxy.port) }).href,
        LEXECON_DATA_DIR: data,
        LEXECON_DEMO_KEY: apiKey,
        LEDGER_ORIGIN: ORIGIN,
        LOG_LEVEL: 'warn',
        // One address asks for everything here, as fast as it can.
        LIMIT_DECISION: '1000000/s',
        LIMIT_ADDRESS: '1000000/s',
        SIGN_IN_REQUESTS_PER_MINUTE: '1000000',
      };
      servers.push(new ServerProcess(`server-${String(i)}`, await freePort(), main, folder, settings));
    }
    const journal = new Journal(join(folder, 'journal'));
    const cluster = new Cluster(postgres, proxies, servers, apiKey, journal, folder);
    try {
      for (const server of servers) await server.start();
    } catch (error) {
      await cluster.remove(true);
      throw error;
    }
    return cluster;
  }

  get identity(): LogIdentity {
    return { origin: ORIGIN, receipts: noteSigner(this.#key('receipt.key')) };
  }

  /** The key that signs checkpoints, under the origin's name. */
  get logKey(): string {
    return this.#key('ledger.key');
  }

  get guardFolder(): string {
    return join(this.folder, 'data', 'guard');
  }

  /** Null while nobody leads, or PostgreSQL does not answer. */
  async leader(): Promise<Leader | null> {
    const rows = await this.query<{ pid: number; client_port: number }>(
      `
      SELECT a.pid, a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.classid = 7102 AND l.granted AND a.application_name = 'lexecon-sequencer'`,
    ).catch(() => []);
    const [row] = rows;
    const server = row && this.servers.find((_, i) => this.proxies[i]?.owns(row.client_port));
    return row && server ? { server, session: row.pid } : null;
  }

  /** Resolves with the leader once it is one that `fits`; rejects after half a minute. */
  async leaderThat(fits: (leader: Leader) => boolean): Promise<Leader> {
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      const leader = await this.leader();
      if (leader && fits(leader)) return leader;
      await sleep(20);
    }
    throw new Error('nobody leads');
  }

  /** PostgreSQL's process for a session that appends, rather one that is doing so now. */
  async writingSession(): Promise<number> {
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      const sessions = await this.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'lexecon-ledger' ORDER BY state = 'active' DESC, random() LIMIT 1`,
      ).catch(() => []);
      if (sessions[0]) return sessions[0].pid;
      await sleep(20);
    }
    throw new Error('nobody writes');
  }

  /** Ends a session from PostgreSQL's side; tried again until PostgreSQL has answered. */
  async endSession(pid: number): Promise<void> {
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      const answer = await this.query('SELECT pg_terminate_backend($1)', [pid]).catch(() => null);
      if (answer) return;
      await sleep(20);
    }
    throw new Error('PostgreSQL does not answer');
  }

  /** Straight to PostgreSQL, on a connection of its own. */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<readonly Row[]> {
    const client = new pg.Client({
      connectionString: this.postgres.url,
      connectionTimeoutMillis: 2_000,
      query_timeout: 30_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Ends everything; `keepFiles` leaves the journal and the servers' logs. */
  async remove(keepFiles = false): Promise<void> {
    await Promise.all(this.servers.map((server) => server.end('SIGKILL')));
    for (const proxy of this.proxies) proxy.close();
    await this.postgres.remove();
    this.journal.close();
    if (!keepFiles) rmSync(this.folder, { recursive: true, force: true });
  }

  #key(name: string): string {
    return readFileSync(join(this.folder, 'data', 'keys', name), 'utf8').trim();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address !== 'string') resolve(address.port);
      });
    });
  });
}
