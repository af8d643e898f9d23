// `generate.js openapi|configuration|policy-schema|permission-matrix` prints a file that is generated from the code; scripts/generate.mjs knows
// where each of them stands. Needs no database and listens nowhere.
import { policySchema } from '@lexecon/policy/core';
import { configurationPage } from './configuration.page.js';
import { openApiText } from './openapi.text.js';
import { matrixPage } from './permission.matrix.js';
import { previewOf } from './preview.js';
import { routesOf } from './route.list.js';

const texts: Readonly<Record<string, () => string | Promise<string>>> = {
  openapi: async () => openApiText(await previewOf()),
  configuration: configurationPage,
  'policy-schema': () => `${JSON.stringify(policySchema(), null, 2)}\n`,
  'permission-matrix': async () => matrixPage(routesOf(await previewOf())),
};

const text = texts[process.argv[2] ?? ''];
if (text) process.stdout.write(await text());
else {
  process.stderr.write(`usage: generate.js ${Object.keys(texts).join('|')}\n`);
  process.exitCode = 2;
}
