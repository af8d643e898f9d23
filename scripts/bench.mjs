// `npm run bench -- <command>`: the programs built, then the benchmarks. docs/performance.md says what they measure.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';

await ensureBuilt((line) => console.error(line));
const main = fileURLToPath(new URL('../dist/bench/bench/main.js', import.meta.url));
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
child.once('exit', (code) => process.exit(code ?? 1));
