// `npm start`: a Node that is new enough, the programs built, then the launcher in this same process.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const oldest = [24, 9];

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** npm puts the Node of node_modules first on the path; whoever calls this file with an older one gets that Node too. */
function startWithBundledNode() {
  const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  if (!existsSync(bundled)) {
    console.error(
      `Lexecon needs Node ${oldest.join('.')} or newer; this is ${process.versions.node}. Run npm ci, or install it.`,
    );
    process.exit(1);
  }
  const child = spawn(bundled, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code) => process.exit(code ?? 1));
}

async function start() {
  const { ensureBuilt } = await import('./build.mjs');
  try {
    await ensureBuilt((line) => console.error(line), ['api', 'verify']);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
  await import('../dist/apps/api/apps/api/src/launch.js');
}

if (isNewEnough(process.versions.node)) await start();
else startWithBundledNode();
