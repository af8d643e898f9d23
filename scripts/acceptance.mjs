// The traceability of the acceptance criteria. docs/acceptance/criteria.yaml names each criterion and the tests that show
// it; this program derives each criterion's state from them and writes docs/acceptance/report.md.
//
//   node scripts/acceptance.mjs            writes the states into criteria.yaml, and report.md
//   node scripts/acceptance.mjs --check    changes nothing; exit 1 and one line a problem when something does not hold
//     --root <folder>                      another folder than this repository
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { resultProblems, sourceProblems, testsInCell } from './named-tests.mjs';

const LAST_ID = 149;
const CRITERIA = 'docs/acceptance/criteria.yaml';
const REPORT = 'docs/acceptance/report.md';
const CLASSES = new Set(['L', 'S', 'X', 'L/S', 'L/X', 'S/X', 'L/S/X']);
const MEMBERS = new Set(['id', 'title', 'class', 'begun', 'state', 'tests']);
const STATES = ['live test', 'static', 'external', 'not yet'];

const { values: options } = parseArgs({ options: { check: { type: 'boolean' }, root: { type: 'string' } } });
function main(root) {
  const source = readFileSync(join(root, CRITERIA), 'utf8');
  const parts = parse(source).parts;
  const rows = parts.flatMap((part) => part.criteria);
  const problems = [...rows.flatMap(shapeProblems), ...idProblems(rows)];
  if (problems.length > 0) return tell(problems);

  problems.push(...rows.flatMap((row) => row.tests.flatMap((test) => sourceProblems(root, who(row), test))));
  const states = withStates(source, rows);
  const report = render(parts);
  if (options.check) {
    problems.push(
      ...resultProblems(
        root,
        rows.map((row) => ({ who: who(row), tests: row.tests })),
      ),
    );
    problems.push(...rows.filter((row) => row.state !== stateOf(row)).map(staleState));
    if (!existsSync(join(root, REPORT)) || readFileSync(join(root, REPORT), 'utf8') !== report)
      problems.push(`${REPORT} is not what the criteria say: run \`node scripts/acceptance.mjs\``);
  } else if (problems.length === 0) {
    writeFileSync(join(root, CRITERIA), states);
    writeFileSync(join(root, REPORT), report);
  }
  if (problems.length > 0) return tell(problems);
  console.log(`acceptance: ${summary(rows)}`);
  return 0;
}

function tell(problems) {
  for (const problem of problems) console.error(`acceptance: ${problem}`);
  return 1;
}

/** The whole rule: nothing is claimed without tests, nor while a part is open, and what only others can show stays external. */
function stateOf(row) {
  if (row.begun || row.tests.length === 0) return 'not yet';
  if (row.class.includes('X')) return 'external';
  return row.class.includes('L') ? 'live test' : 'static';
}

function shapeProblems(row) {
  const problems = Object.keys(row)
    .filter((member) => !MEMBERS.has(member))
    .map((member) => `criterion ${row.id}: unknown member ${member}`);
  if (!Number.isInteger(row.id)) problems.push(`a criterion without a whole number as its id: ${row.title}`);
  if (typeof row.title !== 'string' || row.title === '') problems.push(`criterion ${row.id}: no title`);
  if (!CLASSES.has(row.class)) problems.push(`criterion ${row.id}: unknown class ${row.class}`);
  if (row.begun !== undefined && row.begun !== true) problems.push(`criterion ${row.id}: begun is true or left out`);
  if (!STATES.includes(row.state)) problems.push(`criterion ${row.id}: unknown state ${row.state}`);
  if (!Array.isArray(row.tests) || row.tests.some((test) => typeof test !== 'string'))
    problems.push(`criterion ${row.id}: tests is a list of texts`);
  return problems;
}

function idProblems(rows) {
  const problems = [];
  for (let id = 1; id <= LAST_ID; id += 1) {
    const found = rows.filter((row) => row.id === id).length;
    if (found === 0) problems.push(`criterion ${id} is missing`);
    if (found > 1) problems.push(`criterion ${id} stands ${found} times`);
  }
  for (const row of rows) if (row.id < 1 || row.id > LAST_ID) problems.push(`criterion ${row.id} does not exist`);
  return problems;
}

const who = (row) => `criterion ${row.id}`;

const staleState = (row) =>
  `criterion ${row.id} says "${row.state}" and is "${stateOf(row)}": run \`node scripts/acceptance.mjs\``;

/** The same text with each `state:` line as derived; everything else, comments too, stays. */
function withStates(source, rows) {
  const states = new Map(rows.map((row) => [row.id, stateOf(row)]));
  let id = 0;
  return source
    .split('\n')
    .map((line) => {
      id = Number(/^\s*- id: (\d+)$/.exec(line)?.[1] ?? id);
      return line.replace(/^(\s*state: ).*$/, `$1${states.get(id)}`);
    })
    .join('\n');
}

const countOf = (rows, state) => rows.filter((row) => stateOf(row) === state).length;

function summary(rows) {
  const begun = rows.filter((row) => row.begun).length;
  return `${rows.length} criteria: ${STATES.map((state) => `${countOf(rows, state)} ${state}`).join(', ')} (${begun} of them begun)`;
}

function render(parts) {
  const rows = parts.flatMap((part) => part.criteria);
  const table = parts.map(
    (part) => `| ${[part.part, ...STATES.map((state) => countOf(part.criteria, state))].join(' | ')} |`,
  );
  return `<!-- Generated by \`node scripts/acceptance.mjs\` from criteria.yaml. Do not edit. -->
<!-- prettier-ignore-start -->

# Acceptance report

What is shown by a test, and what is not. A criterion is a **live test** when automated tests execute it with real parts, **static** when its configuration is parsed and checked, **external** when our part is tested and the rest can only be shown by a real cloud, code host or organisation (never counted as done), and **not yet** otherwise. A begun criterion has tests for a part of it and counts as not yet. The state is derived: each named test must exist, and must have passed where a test run is at hand.

${summary(rows)}.

| part | ${STATES.join(' | ')} |
| --- | ${STATES.map(() => '---:').join(' | ')} |
${table.join('\n')}
${parts.map(renderPart).join('')}
<!-- prettier-ignore-end -->
`;
}

const renderPart = (part) => `
## ${part.part}

| id | criterion | class | state | shown by |
| ---: | --- | --- | --- | --- |
${part.criteria.map(renderRow).join('\n')}
`;

function renderRow(row) {
  const state = stateOf(row) + (row.begun ? ' (begun)' : '');
  return `| ${row.id} | ${row.title} | ${row.class} | ${state} | ${testsInCell(row.tests)} |`;
}

process.exitCode = main(options.root ?? dirname(dirname(fileURLToPath(import.meta.url))));
