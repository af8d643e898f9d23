import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerPlace } from './embedded-place.js';

const STOP_WITHIN_MS = 20_000;
const KEEP_LOG_BYTES = 16 * 1024 * 1024;

/** A started server process, not necessarily ready for connections yet. */
export interface ServerProcess {
  readonly ended: () => boolean;
  /** Resolves when the process has ended. */
  readonly end: Promise<void>;
  /** Fast shutdown: sessions are cut, everything committed is written. Resolves when the process has ended. */
  stop(): Promise<void>;
}

/**
 * Starts the server in a process group of its own, so that a Ctrl-C in the terminal reaches the application first.
 * The server log holds no row contents: messages without DETAIL, no statements.
 */
export function spawnServer(place: ServerPlace, port: number, logFile: string): ServerProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    max_connections: '300',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_line_prefix: '%m ',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const out = openLog(logFile);
  const child = spawn(place.postgres, ['-D', join(place.home, 'data'), ...args], {
    ...place.user,
    cwd: place.home,
    detached: true,
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const end = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  const ended = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  return { ended, end, stop: () => stopChild(child, ended, end) };
}

async function stopChild(child: ChildProcess, ended: () => boolean, end: Promise<void>): Promise<void> {
  if (ended()) return;
  child.kill('SIGINT');
  const late = setTimeout(() => child.kill('SIGQUIT'), STOP_WITHIN_MS);
  await end;
  clearTimeout(late);
}

function openLog(file: string): number {
  if (existsSync(file) && statSync(file).size > KEEP_LOG_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/**
 * Ends what a killed supervisor left running on these data. To be called by the holder of the folder's lock only: then
 * whatever still runs there is nobody's. A lock file that names a process which is no PostgreSQL (its number was given
 * to another program after a reboot) is removed; any other is left for PostgreSQL to judge.
 */
export async function stopOrphans(data: string, log: (line: string) => void): Promise<void> {
  const lockFile = join(data, 'postmaster.pid');
  const postmaster = readPid(lockFile);
  const orphans = serversOf(data, postmaster);
  if (orphans.length > 0) {
    log(`a PostgreSQL of an earlier start still runs (process ${String(postmaster ?? orphans[0])}): stopping it`);
    if (postmaster !== undefined && orphans.includes(postmaster)) signal(postmaster, 'SIGINT');
    if (!(await gone(data, postmaster, STOP_WITHIN_MS))) {
      for (const pid of serversOf(data, postmaster)) signal(pid, 'SIGQUIT');
      if (!(await gone(data, postmaster, STOP_WITHIN_MS)))
        throw new Error(`PostgreSQL (process ${serversOf(data, postmaster).join(', ')}) does not stop: end it by hand`);
    }
  }
  const left = readPid(lockFile);
  if (left !== undefined && alive(left)) rmSync(lockFile, { force: true });
}

async function gone(data: string, postmaster: number | undefined, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until;) {
    if (serversOf(data, postmaster).length === 0) return true;
    await sleep(50);
  }
  return false;
}

/** Every PostgreSQL process works in its data folder; where there is no /proc, the lock file has to be believed. */
function serversOf(data: string, postmaster: number | undefined): readonly number[] {
  if (!existsSync('/proc/self/cwd')) return postmaster !== undefined && alive(postmaster) ? [postmaster] : [];
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      return (
        readlinkSync(`/proc/${String(pid)}/cwd`) === data &&
        readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim() === 'postgres'
      );
    } catch {
      return false; // ended meanwhile, or another user's
    }
  });
}

function readPid(lockFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(lockFile, 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    return; // ended meanwhile
  }
}
