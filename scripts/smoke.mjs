// Starts Lexecon the way people do, looks at it from outside, stops it, and makes sure that nothing is left running.
//   node scripts/smoke.mjs           this tree, on a temporary data folder
//   node scripts/smoke.mjs --clone   a fresh clone: npm ci, npm start, the curl line that it prints, a decision
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeDatabase } from './test-database.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const READY_WITHIN_MS = 90_000;
const STOPPED_WITHIN_MS = 30_000;

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function isListening(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true) && undefined)
      .once('error', () => done(false))
      .once('connect', () => socket.destroy());
  });
}

function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-smoke-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** Settings of whoever runs this have no say: only what a start by hand would have. */
function cleanEnvironment(settings) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:LEXECON|LEDGER|VAULT|RECEIPT|npm|TEST)_|^(?:DATABASE_URL|NODE_ENV|HOST|PORT)$/.test(name),
  );
  return { ...Object.fromEntries(kept), ...settings };
}

async function until(what, withinMs, condition) {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(100)) if (await condition()) return;
  throw new Error(`${what}: not within ${withinMs / 1000} s`);
}

const answers = (url) =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

/**
 * Starts `command` in `cwd`, waits until `/health/live` (or `path`) answers 200, calls `look` with what gives the output so far, and
 * stops it with SIGTERM. Throws when it does not get ready, ends with anything but 0, or leaves a port open.
 */
async function startAndStop({ command, cwd, path = '/health/live', look = async () => undefined }) {
  const data = newFolder();
  const port = await freePort();
  const env = cleanEnvironment({ LEXECON_DATA_DIR: data, PORT: String(port) });
  const child = spawn(command[0], command.slice(1), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)));
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const text = () => Buffer.concat(output).toString();
  try {
    const ready = until(`${path} answers 200`, READY_WITHIN_MS, () => answers(`http://127.0.0.1:${port}${path}`));
    await Promise.race([
      ready,
      ended.then((code) => Promise.reject(new Error(`ended with ${code} instead of getting ready`))),
    ]);
    await look(text);
    const database = join(data, 'postgres/connection.json');
    const ports = [port, ...(existsSync(database) ? [JSON.parse(readFileSync(database, 'utf8')).port] : [])];
    child.kill('SIGTERM');
    const code = await Promise.race([ended, sleep(STOPPED_WITHIN_MS, 'nothing, still running', { ref: false })]);
    if (code !== 0) throw new Error(`SIGTERM ended it with ${code}`);
    for (const left of ports) if (await isListening(left)) throw new Error(`port ${left} is still open after SIGTERM`);
  } catch (error) {
    throw new Error(`${error.message}\n${text().split('\n').slice(-30).join('\n')}`, { cause: error });
  } finally {
    child.kill('SIGKILL');
    removeDatabase(join(data, 'postgres'));
    rmSync(data, { recursive: true, force: true });
  }
}

/** The built programs of this tree start, answer and stop. */
export function smoke() {
  return startAndStop({ command: [process.execPath, join(root, 'scripts/start.mjs')], cwd: tmpdir() });
}

/** The curl command for a decision in what the server printed, with its continuation lines, once it is complete. */
function curlIn(output) {
  const commands = [...output.matchAll(/^[^\n{]*?\b(curl (?:[^\n]*\\\n)*[^\n]*)\n/gm)].map(([, command]) => command);
  return commands.find((command) => command.includes('/api/v1/decisions'));
}

/** What the README promises: clone, install, start, paste, decided. Gives the seconds from npm ci to the decision. */
async function smokeClone() {
  const folder = newFolder();
  const run = (command, args, cwd) => {
    const done = spawnSync(command, args, { cwd, encoding: 'utf8', env: cleanEnvironment({}) });
    if (done.status !== 0)
      throw new Error(`${command} ${args.join(' ')} failed\n${done.stdout}${done.stderr}`.slice(-4_000));
    return done.stdout;
  };
  try {
    const clone = join(folder, 'lexecon');
    run('git', ['clone', '--quiet', '--no-hardlinks', root, clone], folder);
    const began = Date.now();
    run('npm', ['ci'], clone);
    let seconds = 0;
    const look = async (text) => {
      await until('prints a curl line for a decision', 15_000, () => curlIn(text()) !== undefined);
      const answer = JSON.parse(run('sh', ['-c', curlIn(text())], folder));
      seconds = (Date.now() - began) / 1000;
      if (!answer.outcome || !answer.receipt) throw new Error(`the curl line answered ${JSON.stringify(answer)}`);
    };
    await startAndStop({ command: ['npm', 'start'], cwd: clone, path: '/health/ready', look });
    return seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    if (process.argv.includes('--clone')) console.log(`npm ci to first decision: ${(await smokeClone()).toFixed(0)} s`);
    else await smoke();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
