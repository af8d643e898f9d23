// `generate.js openapi|configuration|policy-schema` prints a file that is generated from the code; scripts/generate.mjs knows
// where each of them stands. Needs no database and listens nowhere.
import { policySchema } from '@lexecon/policy/core';
import { configurationPage } from './configuration.page.js';
import { openApiText } from './openapi.text.js';

const texts: Readonly<Record<string, () => string | Promise<string>>> = {
  openapi: openApiText,
  configuration: configurationPage,
  'policy-schema': () => `${JSON.stringify(policySchema(), null, 2)}\n`,
};

const text = texts[process.argv[2] ?? ''];
if (text) process.stdout.write(await text());
else {
  process.stderr.write(`usage: generate.js ${Object.keys(texts).join('|')}\n`);
  process.exitCode = 2;
}
