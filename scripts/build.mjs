// Builds the programs (api, verify, bench) into dist/ with the Nest CLI. `ensureBuilt` builds those whose sources, settings
// or dependencies have changed since: their hash stands in dist/.built-<name>.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const settings = ['package-lock.json', 'nest-cli.json', 'tsconfig.base.json', 'apps/api/tsconfig.app.json'];

/** The programs, by their name in nest-cli.json; one without sources is left out. */
function programs() {
  const { projects } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8'));
  return Object.entries(projects)
    .filter(([, { type, sourceRoot }]) => type === 'application' && !sources(sourceRoot).next().done)
    .map(([name]) => name);
}

function* sources(folder) {
  if (!existsSync(join(root, folder))) return;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith('.ts') && !entry.name.endsWith('spec.ts')) yield path;
  }
}

const stampOf = (name) => join(root, `dist/.built-${name}`);

/** Of everything that a program may be made of. */
function sourceHash(name) {
  const hash = createHash('sha256');
  const folders = ['apps', 'libs', ...(name === 'bench' ? ['bench'] : [])];
  const files = [...settings, ...folders.flatMap((folder) => [...sources(folder)])].sort();
  for (const file of files)
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update('\n');
  return hash.digest('hex');
}

function compile(name) {
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  const child = spawn(process.execPath, [nest, 'build', name], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const leave = () => child.kill('SIGTERM');
  process.once('SIGTERM', leave).once('SIGINT', leave);
  return new Promise((resolve, reject) => {
    child.once('close', (code, signal) => {
      process.off('SIGTERM', leave).off('SIGINT', leave);
      if (code === 0) resolve();
      else reject(new Error(signal ? 'stopped while building' : `${name} does not compile\n${Buffer.concat(output)}`));
    });
  });
}

/** Rejects with the compiler's messages when a program does not compile. */
async function build(names, log) {
  const hashes = names.map(sourceHash);
  const began = Date.now();
  const results = await Promise.allSettled(names.map(compile));
  for (const { reason } of results) if (reason) throw reason;
  mkdirSync(join(root, 'dist'), { recursive: true });
  names.forEach((name, i) => writeFileSync(stampOf(name), hashes[i]));
  log(`built ${names.join(', ')} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

/** Builds what is needed of these programs; `log` is told before it begins, because it takes a while. */
export async function ensureBuilt(log = () => undefined, names = programs()) {
  const read = (name) => (existsSync(stampOf(name)) ? readFileSync(stampOf(name), 'utf8') : undefined);
  const stale = names.filter((name) => read(name) !== sourceHash(name));
  if (stale.length === 0) return;
  log(stale.some(read) ? 'building (the sources have changed) …' : 'building (first start) …');
  await build(stale, log);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await build(programs(), (line) => console.log(line));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
