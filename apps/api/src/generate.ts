// `generate.js openapi|configuration [--check]`: writes what is generated from the code into docs/, or says whether it is
// unchanged (exit 1 when not). Needs no database and listens nowhere.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configurationPage } from './configuration.page.js';
import { openApiText } from './openapi.text.js';

const programs = {
  openapi: { file: 'docs/api/openapi.json', text: openApiText },
  configuration: { file: 'docs/configuration.md', text: () => Promise.resolve(configurationPage()) },
} as const;

const top = fileURLToPath(new URL('../../../../../../', import.meta.url));
const [name, option] = process.argv.slice(2);

process.exitCode = await run(name, option === '--check');

async function run(wanted: string | undefined, check: boolean): Promise<number> {
  if (wanted !== 'openapi' && wanted !== 'configuration') {
    process.stderr.write('usage: generate.js openapi|configuration [--check]\n');
    return 2;
  }
  const { file, text } = programs[wanted];
  const now = await text();
  if (!check) {
    writeFileSync(`${top}${file}`, now);
    return 0;
  }
  if (read(`${top}${file}`) === now) return 0;
  process.stderr.write(
    `${file} is not what the code says; run: node dist/apps/api/apps/api/src/generate.js ${wanted}\n`,
  );
  return 1;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
