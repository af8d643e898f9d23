// Tests that documents name as evidence: `<spec file> › <test title>`, the title as it stands in the source. For
// scripts/acceptance.mjs and scripts/asvs.mjs; `who` names the row that claims, in each line of complaint.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the last `npm test` left: `{ complete, tests: [{ file, name, status }] }`, see scripts/test.mjs. */
const RESULTS = '.lexecon/test-results.json';
const SEPARATOR = ' › ';

function partsOf(test) {
  const at = test.indexOf(SEPARATOR);
  return at < 0 ? null : { file: test.slice(0, at), title: test.slice(at + SEPARATOR.length) };
}

/** Is the named test in its file, as a test that runs? */
export function sourceProblems(root, who, test) {
  const named = partsOf(test);
  if (!named) return [`${who}: "${test}" is not "<spec file>${SEPARATOR}<test title>"`];
  if (!/spec\.ts$/.test(named.file)) return [`${who}: ${named.file} is not a spec file`];
  if (!existsSync(join(root, named.file))) return [`${who}: there is no ${named.file}`];
  const calls = callsWith(readFileSync(join(root, named.file), 'utf8'), named.title);
  if (calls.some((call) => /^(it|test)$|\)$|`$/.test(call))) return [];
  if (calls.length > 0) return [`${who}: in ${named.file}, "${named.title}" is not a test that runs`];
  return [`${who}: ${named.file} has no test "${named.title}"`];
}

/** What is called with the title as its first argument: `it`, `it.skip`, `describe`, the `)` of an `it.each(…)`. */
function callsWith(source, title) {
  const literal = title.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/['"`]/g, '\\\\?$&');
  const pattern = new RegExp(`([\\w.]+|[)\`])\\s*\\(\\s*(['"\`])${literal}\\2\\s*,`, 'g');
  return [...source.matchAll(pattern)].map((match) => match[1]);
}

/** Did the named tests pass in the last run, and were they in it if it was a complete one? Without a run nothing is compared.
 *  `claims`: `[{ who, tests }]`. */
export function resultProblems(root, claims) {
  if (!existsSync(join(root, RESULTS))) return [];
  const { complete, tests: ran } = JSON.parse(readFileSync(join(root, RESULTS), 'utf8'));
  return claims.flatMap(({ who, tests }) =>
    tests.flatMap((test) => {
      const named = partsOf(test);
      const found = ran.filter(({ file, name }) => file === named?.file && titlePattern(named.title).test(name));
      if (found.length === 0) return complete ? [`${who}: "${test}" did not run`] : [];
      const bad = found.filter(({ status }) => status !== 'passed');
      return bad.map(({ status }) => `${who}: "${test}" is ${status}`);
    }),
  );
}

/** A title as the source has it, against names as they ran: the `describe`s before it, and `%s` and `$name` of an `it.each`,
 *  stand for anything. */
function titlePattern(title) {
  const parts = title.split(/%[psdifjo#]|\$\{[^}]*\}|\$[\w.]+/);
  return new RegExp(`(^| )${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('.*')}$`, 's');
}

/** A table's cell with the tests in it. */
export const testsInCell = (tests) => tests.map((test) => test.replaceAll('|', '\\|')).join('<br>');
