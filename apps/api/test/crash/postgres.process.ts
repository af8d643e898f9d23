import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startEmbedded } from '@lexecon/database/embedded';

const READY_WITHIN_MS = 60_000;
const NOTICED_WITHIN_MS = 1_000;
const ENDED_WITHIN_MS = 10_000;

/** How the bundled server was started, read from the kernel. */
interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
}

/** A PostgreSQL of the suite's own, on the disk with fsync, that may be killed in every way. Nobody restarts it but `start`. */
export class PostgresProcess {
  #child: ChildProcess | undefined;
  #log: number;

  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly command: Command,
  ) {
    this.#log = openSync(join(folder, 'crash.log'), 'a');
  }

  /** Makes a cluster with the product's own means, then takes over. */
  static async create(): Promise<PostgresProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'lexecon-crash-pg-'));
    chmodSync(folder, 0o711);
    const server = await startEmbedded(folder, () => undefined);
    const command = commandOf(postmasterOf(folder));
    await server.stop();
    const process = new PostgresProcess(server.url, folder, command);
    await process.start();
    return process;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Starts it and resolves when it takes statements; tried again while what was killed still holds its memory. */
  async start(): Promise<void> {
    for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end;) {
      if (!this.#child || ended(this.#child)) this.#child = this.#spawn();
      if (await this.#answers()) return;
      await sleep(20);
    }
    throw new Error('PostgreSQL does not come up');
  }

  /** SIGKILL to the postmaster: the sessions find out and end by themselves, nothing is flushed. */
  async killPostmaster(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Fast shutdown: sessions are ended, what is committed is written. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** SIGKILL to one session, after which PostgreSQL ends all others and recovers. Resolves once it has noticed. */
  async killSession(pid: number): Promise<void> {
    signal(pid, 'SIGKILL');
    for (const end = Date.now() + NOTICED_WITHIN_MS; Date.now() < end && (await this.#answers());) await sleep(10);
  }

  /** Stops every process of the server where it stands. */
  pause(): void {
    for (const pid of this.#processes()) signal(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.#processes()) signal(pid, 'SIGCONT');
  }

  async remove(): Promise<void> {
    if (this.#child && !ended(this.#child)) {
      this.resume();
      await this.stop();
    }
    closeSync(this.#log);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(): ChildProcess {
    const { file, args, cwd, uid, gid } = this.command;
    return spawn(file, args, { cwd, uid, gid, detached: true, stdio: ['ignore', this.#log, this.#log] });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || ended(child)) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // A fast shutdown that is asked for in the middle of a recovery may never end (PostgreSQL 18.4).
    const late = setTimeout(() => child.kill('SIGQUIT'), ENDED_WITHIN_MS);
    await gone;
    clearTimeout(late);
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  #processes(): readonly number[] {
    const postmaster = this.#child?.pid;
    return pids().filter((pid) => pid === postmaster || parentOf(pid) === postmaster);
  }
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    return; // ended meanwhile
  }
}

const pids = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function postmasterOf(folder: string): number {
  return Number.parseInt(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10);
}

function commandOf(pid: number): Command {
  const proc = `/proc/${String(pid)}`;
  const [, ...args] = readFileSync(join(proc, 'cmdline'), 'utf8').split('\0').slice(0, -1);
  const { uid, gid } = statSync(proc);
  return { file: readlinkSync(join(proc, 'exe')), args, cwd: readlinkSync(join(proc, 'cwd')), uid, gid };
}
