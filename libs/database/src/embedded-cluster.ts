import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { giveTo, type ServerPlace } from './embedded-place.js';

/** The database that the application uses, and the superuser who owns it. */
export const NAME = 'lexecon';
const MAJOR = '18';

/** How the server of a folder is reached: chosen at its first start, kept in `connection.json`, readable by its owner. */
export interface Connection {
  readonly port: number;
  readonly password: string;
}

export function urlOf(connection: Connection, database: string): string {
  return `postgres://${NAME}:${connection.password}@127.0.0.1:${String(connection.port)}/${database}`;
}

/**
 * Makes the data in `place`: checksums on every page, SCRAM for every connection, UTF-8 with the order of code points.
 * Made beside the final name and renamed when complete, so that a start that was killed leaves nothing half made.
 */
export async function createCluster(folder: string, place: ServerPlace): Promise<void> {
  const connection = { port: await freePort(), password: randomBytes(24).toString('base64url') };
  const partial = join(place.home, 'data.partial');
  const passwordFile = join(place.home, 'password.partial');
  rmSync(partial, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  mkdirSync(partial, { mode: 0o700 });
  writeFileSync(passwordFile, `${connection.password}\n`, { mode: 0o600 });
  giveTo(place.user, partial);
  giveTo(place.user, passwordFile);
  const access = ['-U', NAME, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const args = ['-D', partial, ...access, '--encoding=UTF8', '--locale=C.UTF-8', '--data-checksums'];
  try {
    await promisify(execFile)(place.initdb, args, { ...place.user, cwd: place.home });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeConnection(folder, connection);
  renameSync(partial, join(place.home, 'data'));
}

/** Throws when the data are another major version's: the bundled server cannot read them. */
export function checkVersion(data: string): void {
  const version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (version === MAJOR) return;
  throw new Error(
    `${data} holds data of PostgreSQL ${version}, and the bundled server is ${MAJOR}: dump them with the old server and restore them`,
  );
}

/** The stored connection; with another port, stored in turn, when somebody else has taken the old one. */
export async function connectionOf(folder: string): Promise<Connection> {
  const stored = readConnection(folder);
  if (await isFree(stored.port)) return stored;
  const moved = { ...stored, port: await freePort() };
  writeConnection(folder, moved);
  return moved;
}

function readConnection(folder: string): Connection {
  const file = join(folder, 'connection.json');
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof value !== 'object' || value === null || !('port' in value) || !('password' in value)) throw damaged(file);
  const { port, password } = value;
  if (typeof port !== 'number' || typeof password !== 'string') throw damaged(file);
  return { port, password };
}

function damaged(file: string): Error {
  return new Error(`${file} does not hold a port and a password: restore it from a backup of its folder`);
}

function writeConnection(folder: string, connection: Connection): void {
  const file = join(folder, 'connection.json');
  writeFileSync(`${file}.partial`, `${JSON.stringify(connection)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.partial`, file);
}

/** Below the range that systems give to outgoing connections, so that it is likely to be free at later starts too. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
