// The files that are written by programs, never by hand. `npm run generate` writes them all; `npm run check` fails when
// one is not what its program says. A program prints the file's text; the rest of its output is ignored.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { ensureBuilt } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const api = 'dist/apps/api/apps/api/src/generate.js';

/** To have a file generated: a line here, and a program that prints it. */
const generated = [
  { file: 'docs/api/openapi.json', program: [api, 'openapi'] },
  { file: 'docs/configuration.md', program: [api, 'configuration'] },
  { file: 'docs/policy.schema.json', program: [api, 'policy-schema'] },
  { file: 'docs/security/permission-matrix.md', program: [api, 'permission-matrix'] },
];

async function textOf({ file, program }) {
  const done = spawnSync(process.execPath, program, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${file}: ${program.join(' ')} failed\n${done.stderr}`);
  const path = join(root, file);
  return format(done.stdout, { ...(await resolveConfig(path)), filepath: path });
}

/** The generated files that are not what their programs print. Needs the programs built. */
export async function staleFiles() {
  const stale = [];
  for (const entry of generated) {
    const path = join(root, entry.file);
    const text = await textOf(entry);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) stale.push({ ...entry, text });
  }
  return stale;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await ensureBuilt((line) => console.error(line));
  for (const { file, text } of await staleFiles()) {
    writeFileSync(join(root, file), text);
    console.log(`wrote ${file}`);
  }
}
