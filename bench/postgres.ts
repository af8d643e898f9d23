import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbedded } from '@lexecon/database/embedded';
import { parentOf } from './cpu.js';

/** `machine`: the data on this machine's disk. `1 ms`: the data in memory, every commit made to take one millisecond. */
export const disks = ['machine', '1 ms'] as const;
export type Disk = (typeof disks)[number];

export interface Postgres {
  readonly url: string;
  readonly version: string;
  /** The process that started all others of the server. */
  readonly postmaster: number;
  stop(): Promise<void>;
}

const TMPFS = 0x01021994;
const SOURCE = fileURLToPath(new URL('../../../bench/slow-fsync.c', import.meta.url));

/** The bundled PostgreSQL with its settings as shipped, on a new folder that `stop` removes. */
export async function startPostgres(disk: Disk): Promise<Postgres> {
  const folder = newFolder(disk === 'machine' ? tmpdir() : '/dev/shm');
  const inMemory = statfsSync(folder).type === TMPFS;
  if (inMemory !== (disk === '1 ms')) throw new Error(`${folder} is ${inMemory ? '' : 'not '}in memory`);
  const tools = disk === '1 ms' ? newFolder(tmpdir()) : undefined;
  const server = await withPreloaded(tools && slowFsync(tools), () => startEmbedded(folder, () => undefined));
  const { postmaster, version } = await describe(server.url);
  return {
    url: server.url,
    version,
    postmaster,
    async stop() {
      await server.stop();
      const movedTo = join(folder, 'moved-to');
      const left = existsSync(movedTo) ? [readFileSync(movedTo, 'utf8').trim()] : [];
      for (const path of [...left, folder, ...(tools ? [tools] : [])]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The server's user, who may be another one, must be able to enter it. */
export function newFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'lexecon-bench-'));
  chmodSync(folder, 0o711);
  return folder;
}

function slowFsync(folder: string): string {
  const library = join(folder, 'slow-fsync.so');
  execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-Wall', '-o', library, SOURCE]);
  return library;
}

/** What is started inside finds the library in its environment; this process already runs without it. */
async function withPreloaded<T>(library: string | undefined, start: () => Promise<T>): Promise<T> {
  if (library === undefined) return start();
  process.env['LD_PRELOAD'] = library;
  try {
    return await start();
  } finally {
    delete process.env['LD_PRELOAD'];
  }
}

async function describe(url: string): Promise<Pick<Postgres, 'postmaster' | 'version'>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number; version: string }>(
      `SELECT pg_backend_pid() AS pid, current_setting('server_version') AS version`,
    );
    return { postmaster: parentOf(rows[0]?.pid ?? 0), version: rows[0]?.version ?? 'unknown' };
  } finally {
    await client.end();
  }
}
