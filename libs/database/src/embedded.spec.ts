import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AlreadyRunning, startEmbedded, type EmbeddedServer } from './embedded.js';

/** Made once and used by every test but one: making a database is what takes the time. */
let folder = '';
const folders: string[] = [];
const running: EmbeddedServer[] = [];
const SLOW = 60_000;
const children: ChildProcess[] = [];

function newFolder(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-embedded-'));
  folders.push(folder);
  chmodSync(folder, mode);
  return folder;
}

async function start(lines: string[] = []): Promise<EmbeddedServer> {
  const server = await startEmbedded(folder, (line) => lines.push(line));
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

/** Starts the server from another process, as `npm start` does, and gives its URL when it is ready. */
async function startElsewhere(): Promise<{ child: ChildProcess; url: string }> {
  const sources = JSON.stringify(join(import.meta.dirname, 'embedded.ts'));
  const script = `const { startEmbedded } = await import(${sources});
    console.log((await startEmbedded(${JSON.stringify(folder)}, () => {})).url); setInterval(() => {}, 1000);`;
  const loader = join(import.meta.dirname, '../../../scripts/typescript.mjs');
  const args = ['--import', loader, '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line]: unknown[] = await once(child.stdout, 'data');
  return { child, url: String(line).trim() };
}

function postmasterOf(): number {
  return Number.parseInt(readFileSync(join(folder, 'data/postmaster.pid'), 'utf8'), 10);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (await condition()) return;
    await sleep(25);
  }
  throw new Error('did not come about within 10 s');
}

beforeAll(() => {
  folder = newFolder(0o711);
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of running.splice(0)) await server.stop();
});

afterAll(() => {
  for (const made of folders) {
    const moved = join(made, 'moved-to');
    if (existsSync(moved)) rmSync(readFileSync(moved, 'utf8').trim(), { recursive: true });
    rmSync(made, { recursive: true });
  }
});

describe('the embedded PostgreSQL', () => {
  it(
    'starts durable, with checksums, on loopback only, behind a password of its own',
    async () => {
      const { url } = await start();
      const settings = ['fsync', 'synchronous_commit', 'data_checksums', 'listen_addresses', 'password_encryption'];
      const shown = await query(
        url,
        `select setting from unnest('{${settings.join()}}'::text[]) s, current_setting(s) setting`,
      );
      expect(shown).toEqual(['on', 'on', 'on', '127.0.0.1', 'scram-sha-256']);
      expect(await query(url, "select datcollate from pg_database where datname = 'lexecon'")).toEqual(['C.UTF-8']);
      expect(statSync(join(folder, 'connection.json')).mode & 0o777).toBe(0o600);
      const guessed = url.replace(/:[^:@]+@/, ':guessed@');
      await expect(query(guessed, 'select 1')).rejects.toThrow('password authentication failed');
    },
    SLOW,
  );

  it(
    'keeps its data and its address through a stop and a start',
    async () => {
      const first = await start();
      await query(first.url, 'create table kept1 as select 7 as n');
      await first.stop();
      const second = await start();
      expect(second.url).toBe(first.url);
      expect(await query(second.url, 'select n from kept1')).toEqual([7]);
    },
    SLOW,
  );

  it(
    'works in a folder that only its owner may enter',
    async () => {
      const closed = newFolder(0o700);
      const first = await startEmbedded(closed, () => undefined);
      await query(first.url, 'create table kept2 as select 7 as n');
      await first.stop();
      const second = await startEmbedded(closed, () => undefined);
      running.push(second);
      expect(await query(second.url, 'select n from kept2')).toEqual([7]);
    },
    SLOW,
  );

  it(
    'says that the folder is taken, and by whom, when started a second time',
    async () => {
      const { child, url } = await startElsewhere();
      const second = startEmbedded(folder, () => undefined);
      await expect(second).rejects.toBeInstanceOf(AlreadyRunning);
      await expect(second).rejects.toThrow(`already running on ${folder} (process ${String(child.pid)})`);
      expect(await query(url, 'select 1')).toEqual([1]);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await start();
    },
    SLOW,
  );

  it(
    'survives a killed supervisor: the next start ends the orphan and finds every committed row',
    async () => {
      const { child, url } = await startElsewhere();
      await query(url, 'create table kept4 as select 7 as n');
      const orphan = postmasterOf();
      child.kill('SIGKILL');
      await once(child, 'exit');
      const lines: string[] = [];
      const next = await start(lines);
      expect(lines).toEqual([expect.stringContaining(`still runs (process ${String(orphan)})`)]);
      expect(postmasterOf()).not.toBe(orphan);
      expect(await query(next.url, 'select n from kept4')).toEqual([7]);
    },
    SLOW,
  );

  it(
    'starts a killed server again, on the same address, with every committed row',
    async () => {
      const lines: string[] = [];
      const { url } = await start(lines);
      await query(url, 'create table kept5 as select 7 as n');
      process.kill(postmasterOf(), 'SIGKILL');
      await until(
        async () => lines.includes('PostgreSQL is back') && (await query(url, 'select n from kept5')).includes(7),
      );
      expect(lines).toContain('PostgreSQL ended unexpectedly: starting it again');
    },
    SLOW,
  );

  it(
    'starts after both were killed and the number of the dead server belongs to another program',
    async () => {
      const first = await start();
      await query(first.url, 'create table kept6 as select 7 as n');
      const lockFile = join(folder, 'data/postmaster.pid');
      const lines = readFileSync(lockFile, 'utf8').split('\n').slice(1);
      await first.stop();
      writeFileSync(lockFile, [String(process.pid), ...lines].join('\n'));
      expect(await query((await start()).url, 'select n from kept6')).toEqual([7]);
    },
    SLOW,
  );

  it(
    'refuses data of another major version',
    async () => {
      const older = newFolder(0o711);
      mkdirSync(join(older, 'data'));
      writeFileSync(join(older, 'data/PG_VERSION'), '16\n');
      await expect(startEmbedded(older, () => undefined)).rejects.toThrow('holds data of PostgreSQL 16');
    },
    SLOW,
  );
});
