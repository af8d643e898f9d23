import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { checkVersion, connectionOf, createCluster, NAME, urlOf, type Connection } from './embedded-cluster.js';
import { lockFolder, type FolderLock } from './embedded-lock.js';
import { placeServer, type Programs, type ServerPlace } from './embedded-place.js';
import { spawnServer, stopOrphans, type ServerProcess } from './embedded-process.js';

export { AlreadyRunning } from './embedded-lock.js';

const READY_WITHIN_MS = 60_000;
const LONGEST_PAUSE_MS = 2_000;

type Log = (line: string) => void;

/** The bundled PostgreSQL, running and ready. */
export interface EmbeddedServer {
  /** Of the database `lexecon`, as its superuser; stays the same when the server has to be started again. */
  readonly url: string;
  /** Stops the server and gives the folder free. Connections are cut; nothing committed is lost. */
  stop(): Promise<void>;
  /** Called once, when a server that died could not be brought back within a minute. */
  onExit(callback: (reason: Error) => void): void;
}

/**
 * Starts the bundled PostgreSQL on the data in `dir`, making them at the first start, and keeps it running: a server
 * that dies is started again on the same port. Works for root (the server then runs as the system user lexecon-pg) and
 * for anybody else. One process at a time per folder: throws AlreadyRunning. `log` gets a line per step that takes time.
 * `programs`, other than the bundled ones, are for tests on older servers.
 */
export async function startEmbedded(dir: string, log: Log, programs?: Programs): Promise<EmbeddedServer> {
  const folder = resolve(dir);
  const place = placeServer(folder, log, programs);
  const lock = lockFolder(folder);
  try {
    return await startLocked(folder, place, lock, log);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(folder: string, place: ServerPlace, lock: FolderLock, log: Log): Promise<EmbeddedServer> {
  const data = join(place.home, 'data');
  if (existsSync(data)) {
    checkVersion(data);
    await stopOrphans(realpathSync(data), log);
  } else {
    log('creating the database (first start)');
    await createCluster(folder, place);
  }
  const connection = await connectionOf(folder);
  const logFile = join(folder, 'server.log');
  const start = (given: AbortSignal) =>
    startUntilReady(() => spawnServer(place, connection.port, logFile), connection, logFile, given);
  return supervise(start, urlOf(connection, NAME), lock, log);
}

/** Starts the server and starts it again whenever it ends, until `stop` is called. */
async function supervise(
  start: (given: AbortSignal) => Promise<ServerProcess>,
  url: string,
  lock: FolderLock,
  log: Log,
): Promise<EmbeddedServer> {
  const stopping = new AbortController();
  let current = await start(stopping.signal);
  let gaveUp: (reason: Error) => void = () => undefined;

  const isStopping = (): boolean => stopping.signal.aborted;
  const watch = async (): Promise<void> => {
    for (;;) {
      await current.end;
      if (isStopping()) return;
      log('PostgreSQL ended unexpectedly: starting it again');
      current = await start(stopping.signal);
      if (isStopping()) await current.stop();
      else log('PostgreSQL is back');
    }
  };
  const watching = watch().catch((error: unknown) => {
    if (!stopping.signal.aborted) gaveUp(error instanceof Error ? error : new Error(String(error)));
  });

  const stop = async (): Promise<void> => {
    stopping.abort();
    await current.stop();
    await watching;
    lock.release();
  };
  const onExit = (callback: (reason: Error) => void): void => {
    gaveUp = callback;
  };
  return { url, stop, onExit };
}

/** A start right after a crash may find the lock file or the shared memory of the server that died: tried again. */
async function startUntilReady(
  spawnOnce: () => ServerProcess,
  connection: Connection,
  logFile: string,
  given: AbortSignal,
): Promise<ServerProcess> {
  let server = spawnOnce();
  let pause = 20;
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until && !given.aborted;) {
    if (await answers(connection)) return server;
    await sleep(pause);
    if (!server.ended()) continue;
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    server = spawnOnce();
  }
  await server.stop();
  throw new Error(`PostgreSQL was not ready after ${String(READY_WITHIN_MS / 1000)} s; ${logFile} says why`);
}

async function answers(connection: Connection): Promise<boolean> {
  const client = new pg.Client({ connectionString: urlOf(connection, 'postgres'), connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query('select 1 from pg_database where datname = $1', [NAME]);
    if (found.rowCount === 0) await client.query(`create database ${NAME}`);
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
