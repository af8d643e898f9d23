// What `npm start` runs: brings up the bundled PostgreSQL when no DATABASE_URL is given, then the server as a child, and
// stops them in the opposite order. Ends with the server's exit code. Imports nothing of the server itself.
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbedded, type EmbeddedServer } from '@lexecon/database/embedded';

type Environment = Readonly<Record<string, string | undefined>>;

const say = (line: string): void => {
  process.stderr.write(`${process.uptime().toFixed(1).padStart(5)} s  ${line}\n`);
};

process.exitCode = await launch(process.env);

async function launch(env: Environment): Promise<number> {
  const asked = new AbortController();
  let server: ChildProcess | undefined;
  const leave = (): void => {
    asked.abort();
    server?.kill('SIGTERM');
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);

  const database = await bundledDatabase(env);
  if (database === 'failed') return 1;
  let code = 0;
  if (!asked.signal.aborted) {
    server = spawnServer({ ...env, ...(database && environmentOf(database, env)) });
    database?.onExit((reason) => {
      say(reason.message);
      server?.kill('SIGTERM');
    });
    code = await exitCodeOf(server, asked.signal);
  }
  await database?.stop();
  return code;
}

/** In production there is none: the server itself says which settings are missing. */
async function bundledDatabase(env: Environment): Promise<EmbeddedServer | undefined | 'failed'> {
  if (env['DATABASE_URL'] || env['NODE_ENV'] === 'production') return undefined;
  const folder = join(dataFolder(env), 'postgres');
  say(`starting the bundled PostgreSQL in ${folder}`);
  try {
    return await startEmbedded(folder, say);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 'failed';
  }
}

function dataFolder(env: Environment): string {
  return resolve(env['LEXECON_DATA_DIR'] || '.data');
}

function environmentOf(database: EmbeddedServer, env: Environment): Environment {
  return { NODE_COMPILE_CACHE: join(dataFolder(env), 'compiled'), ...env, DATABASE_URL: database.url };
}

/** In a process group of its own: a Ctrl-C in the terminal reaches it once, through the launcher, not twice. */
function spawnServer(env: Environment): ChildProcess {
  say('starting the server');
  const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const preloaded = ['leave-with-parent.js', 'telemetry.js'].flatMap((name) => ['--import', file(name)]);
  const args = ['--enable-source-maps', ...preloaded, file('main.js')];
  return spawn(process.execPath, args, { env, detached: true, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
}

/** A server that was asked to leave and did is a success, whichever way it reports it. */
function exitCodeOf(server: ChildProcess, asked: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    server.once('error', (error) => {
      say(error.message);
      resolve(1);
    });
    server.once('exit', (code, signal) => {
      if (code !== null) resolve(code);
      else resolve(asked.aborted && signal === 'SIGTERM' ? 0 : 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
