// Builds the programs (api, verify, bench) into dist/ with the Nest CLI. `ensureBuilt` does so only when the sources,
// the settings or the dependencies have changed since: their hash stands in dist/.built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist/.built');
const settings = ['package-lock.json', 'nest-cli.json', 'tsconfig.base.json'];

/** The programs that have an entry file, by their name in nest-cli.json. */
function programs() {
  const { projects } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8'));
  return Object.entries(projects)
    .filter(
      ([, { type, sourceRoot, entryFile }]) =>
        type === 'application' && existsSync(join(root, sourceRoot, `${entryFile}.ts`)),
    )
    .map(([name]) => name);
}

function* sources(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(path);
    else if (/(?<![.-]spec)\.ts$|tsconfig.*\.json$/.test(entry.name)) yield path;
  }
}

function sourceHash() {
  const hash = createHash('sha256');
  const files = [...settings, ...['apps', 'libs', 'bench'].flatMap((folder) => [...sources(folder)])].sort();
  for (const file of files)
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update('\n');
  return hash.digest('hex');
}

/** Throws an Error with the compiler's messages when a program does not compile. */
export function build(log = () => undefined) {
  const hash = sourceHash();
  for (const name of programs()) {
    const began = Date.now();
    const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
    const done = spawnSync(process.execPath, [nest, 'build', name], { cwd: root, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`building ${name} failed\n${done.stdout}${done.stderr}`);
    log(`built ${name} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, hash);
}

/** Builds when needed; `why` is told before it begins, because it takes a while. */
export function ensureBuilt(log = () => undefined) {
  const built = existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
  if (built === sourceHash()) return;
  log(built === undefined ? 'building (first start) …' : 'building (the sources have changed) …');
  build(log);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    build((line) => console.log(line));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
