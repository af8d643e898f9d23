// How Lexecon stands against the OWASP Application Security Verification Standard 5.0.0, level 2, and level 3 for
// authentication, sessions and self-contained tokens. docs/security/asvs.yaml has each requirement with its state and the
// tests that show it; this program checks it and writes docs/security/asvs.md.
//
//   node scripts/asvs.mjs            writes the page
//   node scripts/asvs.mjs --check    changes nothing; exit 1 and one line a problem when something does not hold
//     --root <folder>                another folder than this repository
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { resultProblems, sourceProblems, testsInCell } from './named-tests.mjs';

const REPORT = 'docs/security/asvs.yaml';
const PAGE = 'docs/security/asvs.md';
/** What has to be shown by tests, what has to be explained, and what is neither claimed nor explained yet. */
const STATES = ['met', 'partly', 'not yet', 'external', 'not applicable'];
const needTests = new Set(['met', 'partly']);
const needReason = new Set(['partly', 'external', 'not applicable']);
const MEMBERS = new Set(['id', 'level', 'says', 'status', 'why', 'tests']);

/** The level of each requirement of ASVS 5.0.0, by section, in order: V1.1.1 is of level 2, V1.2.10 of level 3. */
const LEVELS = {
  'V1.1': '22',
  'V1.2': '1111122223',
  'V1.3': '112222222223',
  'V1.4': '222',
  'V1.5': '123',
  'V2.1': '122',
  'V2.2': '112',
  'V2.3': '12223',
  'V2.4': '23',
  'V3.1': '3',
  'V3.2': '113',
  'V3.3': '12223',
  'V3.4': '11222233',
  'V3.5': '11122333',
  'V3.6': '3',
  'V3.7': '22333',
  'V4.1': '12233',
  'V4.2': '23333',
  'V4.3': '22',
  'V4.4': '1222',
  'V5.1': '2',
  'V5.2': '112333',
  'V5.3': '113',
  'V5.4': '222',
  'V6.1': '122',
  'V6.2': '111111112222',
  'V6.3': '11223333',
  'V6.4': '112233',
  'V6.5': '22222333',
  'V6.6': '2223',
  'V6.7': '33',
  'V6.8': '2222',
  'V7.1': '222',
  'V7.2': '1111',
  'V7.3': '22',
  'V7.4': '11222',
  'V7.5': '223',
  'V7.6': '22',
  'V8.1': '1233',
  'V8.2': '1123',
  'V8.3': '133',
  'V8.4': '23',
  'V9.1': '111',
  'V9.2': '1222',
  'V10.1': '22',
  'V10.2': '223',
  'V10.3': '22223',
  'V10.4': '1111122222233333',
  'V10.5': '22222',
  'V10.6': '22',
  'V10.7': '222',
  'V11.1': '2233',
  'V11.2': '22233',
  'V11.3': '11233',
  'V11.4': '1222',
  'V11.5': '23',
  'V11.6': '23',
  'V11.7': '33',
  'V12.1': '12233',
  'V12.2': '11',
  'V12.3': '22223',
  'V13.1': '2333',
  'V13.2': '222223',
  'V13.3': '2233',
  'V13.4': '1222233',
  'V14.1': '22',
  'V14.2': '12223333',
  'V14.3': '122',
  'V15.1': '12233',
  'V15.2': '12233',
  'V15.3': '1222222',
  'V15.4': '3333',
  'V16.1': '2',
  'V16.2': '22222',
  'V16.3': '2222',
  'V16.4': '222',
  'V16.5': '2223',
  'V17.1': '23',
  'V17.2': '22223333',
  'V17.3': '22',
};

const { values: options } = parseArgs({ options: { check: { type: 'boolean' }, root: { type: 'string' } } });

function main(root) {
  const { chapters } = parse(readFileSync(join(root, REPORT), 'utf8'));
  const rows = chapters.flatMap(rowsOf);
  const problems = [...rows.flatMap(shapeProblems), ...chapters.flatMap(completenessProblems)];
  if (problems.length > 0) return tell(problems);

  problems.push(...rows.flatMap((row) => row.tests.flatMap((test) => sourceProblems(root, row.id, test))));
  const page = render(chapters);
  if (options.check) {
    const claims = rows.map(({ id, tests }) => ({ who: id, tests }));
    problems.push(...resultProblems(root, claims));
    if (!existsSync(join(root, PAGE)) || readFileSync(join(root, PAGE), 'utf8') !== page)
      problems.push(`${PAGE} is not what ${REPORT} says: run \`node scripts/asvs.mjs\``);
  } else if (problems.length === 0) writeFileSync(join(root, PAGE), page);
  if (problems.length > 0) return tell(problems);
  console.log(`asvs: ${summary(rows)}`);
  return 0;
}

function tell(problems) {
  for (const problem of problems) console.error(`asvs: ${problem}`);
  return 1;
}

/** The requirements that are told one by one, and those that are out of scope together. */
const rowsOf = ({ requirements = [], outOfScope = [] }) => [
  ...requirements.map((row) => ({ ...row, tests: row.tests ?? [] })),
  ...outOfScope.flatMap(({ ids, why }) =>
    ids.map((id) => ({ id, level: levelOf(id), status: 'not applicable', why, tests: [] })),
  ),
];

function levelOf(id) {
  const [, section, number] = /^(V\d+\.\d+)\.(\d+)$/.exec(String(id)) ?? [];
  return Number(LEVELS[section]?.[number - 1] ?? Number.NaN);
}

function shapeProblems(row) {
  const { id, level, says, status, why, tests } = row;
  const problems = Object.keys(row)
    .filter((member) => !MEMBERS.has(member))
    .map((member) => `${id}: unknown member ${member}`);
  if (Number.isNaN(levelOf(id))) problems.push(`${id}: ASVS 5.0.0 has no such requirement`);
  else if (level !== levelOf(id)) problems.push(`${id} is of level ${levelOf(id)}, not ${level}`);
  if (!STATES.includes(status)) problems.push(`${id}: unknown status ${status}`);
  if (status !== 'not applicable' && !says) problems.push(`${id}: what it asks for is not said`);
  if (needReason.has(status) && !why) problems.push(`${id} is "${status}" and does not say why`);
  if (needTests.has(status) && tests.length === 0) problems.push(`${id} is "${status}" and names no test`);
  if (!needTests.has(status) && tests.length > 0) problems.push(`${id} is "${status}" and yet names tests`);
  return problems;
}

/** Everything up to the chapter's level is there, once; what is above it may be. */
function completenessProblems(chapter) {
  const stands = rowsOf(chapter).map(({ id }) => id);
  const [name] = chapter.chapter.split(' ');
  const ids = Object.entries(LEVELS)
    .filter(([section]) => section.startsWith(`${name}.`))
    .flatMap(([section, levels]) => [...levels].map((level, at) => ({ id: `${section}.${at + 1}`, level })));
  return [
    ...ids
      .filter(({ id, level }) => level <= chapter.level && !stands.includes(id))
      .map(({ id }) => `${id} is missing`),
    ...stands.filter((id, at) => stands.indexOf(id) !== at).map((id) => `${id} stands twice`),
    ...stands.filter((id) => !ids.some((known) => known.id === id)).map((id) => `${id} is not of chapter ${name}`),
  ];
}

const countOf = (rows, status) => rows.filter((row) => row.status === status).length;

const summary = (rows) =>
  `${rows.length} requirements: ${STATES.map((status) => `${countOf(rows, status)} ${status}`).join(', ')}`;

function render(chapters) {
  const table = chapters.map((chapter) => {
    const rows = rowsOf(chapter);
    return `| ${[chapter.chapter, chapter.level, ...STATES.map((status) => countOf(rows, status))].join(' | ')} |`;
  });
  return `<!-- Generated by \`node scripts/asvs.mjs\` from asvs.yaml. Do not edit. -->
<!-- prettier-ignore-start -->

# Security requirements (OWASP ASVS 5.0.0)

Where this version stands against level 2 of the [OWASP Application Security Verification Standard](https://owasp.org/www-project-application-security-verification-standard/) 5.0.0, and against level 3 for authentication, session management and self-contained tokens. Ids and levels are the standard's; the sentences are our own short paraphrase, the standard's text (CC BY-SA 4.0) counts. Nobody outside has checked this.

**met**: the named tests show it. **partly**: the named tests show a part, and the rest is said. **not yet**: nothing is claimed. **external**: only the place it runs in can show it. **not applicable**: there is nothing here that it could be about, and why. Each named test must exist, and must have passed where a test run is at hand.

${summary(chapters.flatMap(rowsOf))}.

| chapter | level | ${STATES.join(' | ')} |
| --- | ---: | ${STATES.map(() => '---:').join(' | ')} |
${table.join('\n')}
${chapters.map(renderChapter).join('')}
<!-- prettier-ignore-end -->
`;
}

const renderChapter = ({ chapter, requirements = [], outOfScope = [] }) => `
## ${chapter}
${requirements.length > 0 ? `\n| id | level | requirement | state | shown by, or why |\n| --- | ---: | --- | --- | --- |\n${requirements.map(renderRow).join('\n')}\n` : ''}${outOfScope.map(renderOut).join('')}`;

function renderRow({ id, level, says, status, why, tests = [] }) {
  const cell = [why, testsInCell(tests)].filter(Boolean).join('<br>');
  return `| ${id} | ${level} | ${says ?? ''} | ${status} | ${cell} |`;
}

const renderOut = ({ ids, why }) => `\nNot applicable (${ids.join(', ')}): ${why}\n`;

process.exitCode = main(options.root ?? dirname(dirname(fileURLToPath(import.meta.url))));
