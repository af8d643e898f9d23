// `npm test`: every test, against a real PostgreSQL that is started for them and the built programs. Arguments go to
// Jest (`npm test -- --selectProjects unit --testPathPatterns libs/policy`). What could not run here is listed, with the
// command that installs what it needs. A whole run also measures coverage and fails below jest.config.mjs's floors. Machine-readable results: .lexecon/test-results.json.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { oldestPrograms, startTestDatabase } from './test-database.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const outputFile = join(root, '.lexecon/jest.json');
const args = process.argv.slice(2);

function hasGo() {
  const module = existsSync('/usr/share/gocode/src/golang.org/x/mod/sumdb/note');
  return module && spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;
}

const hasValkey = () =>
  ['valkey-server', 'redis-server'].some(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
  );

const hasChromium = () =>
  existsSync('/usr/bin/chromium') && spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;

function selectedProjects() {
  const at = args.indexOf('--selectProjects');
  if (at === -1) return undefined;
  const rest = args.slice(at + 1);
  const end = rest.findIndex((arg) => arg.startsWith('-'));
  return rest.slice(0, end === -1 ? undefined : end);
}

function plan() {
  const leftOut = [];
  const selected = selectedProjects();
  const projects = selected ?? ['unit', 'database', 'e2e'];
  const install = 'scripts/install-system.sh';
  if (!selected && hasGo()) projects.push('go');
  else if (!selected) leftOut.push({ tests: 'go', needs: 'Go with golang.org/x/mod', install });
  if (!selected && hasValkey()) projects.push('valkey');
  else if (!selected) leftOut.push({ tests: 'valkey', needs: 'a Valkey or Redis server program', install });
  if (!selected && oldestPrograms()) projects.push('oldest');
  else if (!selected) leftOut.push({ tests: 'oldest', needs: 'PostgreSQL 14', install });
  if (!selected && hasChromium()) projects.push('browser');
  else if (!selected) leftOut.push({ tests: 'browser', needs: 'Chromium and openssl', install });
  const whole = args.length === 0 ? ['--coverage'] : [];
  const jestArgs = [...(selected ? [] : ['--selectProjects', ...projects]), ...whole, ...args];
  if (!args.some((arg) => /^(-i|-w|--runInBand|--maxWorkers)/.test(arg))) jestArgs.push('--maxWorkers=2');
  return { projects, leftOut, jestArgs };
}

function runJest(jestArgs, env) {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = [
    ...flags,
    join(root, 'node_modules/jest/bin/jest.js'),
    '--json',
    `--outputFile=${outputFile}`,
    ...jestArgs,
  ];
  const child = spawn(process.execPath, jest, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

/** One row per test; a file that could not even be loaded is one failed test. */
function rows({ testResults }) {
  return testResults.flatMap(({ name, assertionResults, status, message }) => {
    const file = relative(root, name);
    if (assertionResults.length === 0 && status === 'failed') {
      return [{ file, name: `(does not run) ${message.split('\n', 1)[0]}`, status: 'failed' }];
    }
    return assertionResults.map(({ fullName, status }) => ({ file, name: fullName, status }));
  });
}

function report({ leftOut, code }) {
  const tests = existsSync(outputFile) ? rows(JSON.parse(readFileSync(outputFile, 'utf8'))) : [];
  const count = (status) => tests.filter((test) => test.status === status).length;
  const passed = count('passed');
  const failed = count('failed');
  const skipped = tests.length - passed - failed;
  const complete = args.length === 0 && leftOut.length === 0;
  writeFileSync(
    join(root, '.lexecon/test-results.json'),
    `${JSON.stringify({ complete, passed, failed, skipped, leftOut, tests }, null, 1)}\n`,
  );
  rmSync(outputFile, { force: true });
  for (const { tests: what, needs, install } of leftOut) console.log(`left out: ${what} (needs ${needs}: ${install})`);
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  return code !== 0 || failed > 0 || (args.length === 0 && skipped > 0) ? 1 : 0;
}

const { projects, leftOut, jestArgs } = plan();
mkdirSync(join(root, '.lexecon'), { recursive: true });
rmSync(outputFile, { force: true });
if (projects.some((project) => ['e2e', 'browser', 'oldest'].includes(project)))
  await ensureBuilt((line) => console.error(line));
const needsDatabase =
  projects.some((project) => !['unit', 'oldest'].includes(project)) && !process.env.TEST_DATABASE_URL;
const database = needsDatabase ? await startTestDatabase() : undefined;
const oldest = projects.includes('oldest') ? await startTestDatabase(undefined, oldestPrograms()) : undefined;
const env = {
  ...process.env,
  ...(database && { TEST_DATABASE_URL: database.url }),
  ...(oldest && { TEST_OLDEST_DATABASE_URL: oldest.url }),
};
const code = await runJest(jestArgs, env).finally(() => Promise.all([database?.stop(), oldest?.stop()]));
process.exit(report({ leftOut, code }));
