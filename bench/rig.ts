import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { formatApiKey, freshApiKey } from '@lexecon/identity';
import { cpuTimes } from './cpu.js';
import { PlainInserts } from './insert.js';
import { type Disk, newFolder, type Postgres, startPostgres } from './postgres.js';
import { type Sample, type Series, type Setup, sampleOf } from './sample.js';
import { ServerProcess } from './server.process.js';
import { type Aim, type Run, wrk } from './wrk.js';

const DECISIONS = '/api/v1/decisions';
const SETTLED_WITHIN_MS = 20_000;

/** PostgreSQL on one of the disks, one or two server processes, and everything that loads them. */
export class Rig {
  readonly servers: ServerProcess[] = [];

  private constructor(
    readonly disk: Disk,
    readonly postgres: Postgres,
    private readonly folder: string,
    private readonly apiKey: string,
    private readonly inserts: PlainInserts,
    private readonly client: pg.Client,
  ) {}

  static async start(disk: Disk): Promise<Rig> {
    const postgres = await startPostgres(disk);
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const inserts = await PlainInserts.open(postgres.url);
    const rig = new Rig(disk, postgres, newFolder(tmpdir()), formatApiKey(freshApiKey('bench')), inserts, client);
    await rig.addServer();
    await rig.#check();
    return rig;
  }

  async addServer(): Promise<void> {
    this.servers.push(await ServerProcess.start(this.folder, this.postgres.url, this.apiKey));
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await this.inserts.close();
    await this.client.end();
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Loads for `seconds` and waits until what was recorded is in the log. */
  async measure(series: Series, setup: Setup, seconds: number): Promise<Sample> {
    if (series === 'chain') await this.#ledgerAs('chain');
    const recorded = await this.#recorded();
    const pids = this.servers.map((server) => server.pid);
    const before = cpuTimes(pids, this.postgres.postmaster);
    const runs = await this.#run(series, setup.connections, seconds);
    const after = cpuTimes(pids, this.postgres.postmaster);
    if (series === 'chain') await this.#ledgerAs('group');
    const sample = sampleOf(series, setup, runs, before, after);
    const expected = ['noop', 'insert', 'chain'].includes(series) ? 0 : sample.requests;
    await this.#settle(recorded + expected);
    return sample;
  }

  #run(series: Series, connections: number, seconds: number): Promise<readonly Run[]> {
    if (series === 'insert') return this.inserts.run(connections, seconds).then((run) => [run]);
    const shared = Math.floor(connections / this.servers.length);
    const shares = this.servers.map((_, i) => (i === 0 ? connections - shared * (this.servers.length - 1) : shared));
    return Promise.all(
      this.servers.flatMap(({ url }, i) =>
        shares[i] ? [wrk({ ...this.#aim(series, url), connections: shares[i], seconds })] : [],
      ),
    );
  }

  #aim(series: Series, url: string): Omit<Aim, 'connections' | 'seconds'> {
    return {
      url,
      path: series === 'noop' ? '/bench/noop' : DECISIONS,
      apiKey: this.apiKey,
      subjects: series === 'new subjects' ? 'new' : 'rotate',
      keys: series === 'idempotency keys' ? 'each' : 'none',
    };
  }

  async #ledgerAs(as: 'group' | 'chain'): Promise<void> {
    await Promise.all(this.servers.map((server) => server.order({ do: 'ledger', as })));
  }

  async #recorded(): Promise<number> {
    const { rows } = await this.client.query<{ size: string }>('SELECT max(next_idx) AS size FROM ledger.seq');
    return Number(rows[0]?.size ?? 0);
  }

  /** Every answered decision must be in the log. */
  async #settle(size: number): Promise<void> {
    for (const until = Date.now() + SETTLED_WITHIN_MS; Date.now() < until;) {
      await sleep(250);
      if ((await this.#recorded()) >= size) return;
    }
    throw new Error(`answered decisions are not in the log: ${await this.#recorded()} entries, not ${size}`);
  }

  /** That what is about to be measured is what it seems. */
  async #check(): Promise<void> {
    const [server] = this.servers;
    const body = {
      actor: { type: 'agent', id: 'support-bot', onBehalfOf: { type: 'user', id: 'u-0' } },
      action: { name: 'database:read' },
      resource: { type: 'table', id: 'orders' },
      context: { dataClasses: ['pii'], riskScore: 42, environment: 'production' },
    };
    for (const [path, as] of [['/bench/noop'], [DECISIONS, 'chain'], [DECISIONS, 'group']] as const) {
      if (as) await this.#ledgerAs(as);
      const answer = await fetch(`${server?.url ?? ''}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok || (as && !text.includes('"outcome":"permit"')))
        throw new Error(`${path} answers ${answer.status} ${text}`);
    }
  }
}
