// The house rules that no other tool knows: how long a file may be, what may not be called what, what may not be left
// behind. `houseProblems(root)` gives one line per finding.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LONGEST = 300;
const skipped = new Set(['node_modules', 'dist', 'coverage', '.git', '.data', '.test-data', '.lexecon']);
const code = /\.(?:[cm]?[jt]s|sh)$|^\.ci\/run$/;
const tests = /[.-]spec\.ts$|[./]testing\.ts$|^(?:apps|libs)\/[^/]+\/test\//;
const migrations = /^libs\/database\/src\/migrations\//;
const names = /(?:^|\/)(?:utils?|helpers?|common|misc|shared)(?:[./]|$)|[./-]v\d+[./]/;

/** Files that have to name what they forbid or test. */
const exempt = new Set([
  'scripts/house.mjs',
  'scripts/check.spec.ts',
  'scripts/acceptance.spec.ts',
  'scripts/acceptance.mjs',
  'scripts/named-tests.mjs',
]);
const leftBehind = [
  [/\b(?:TODO|FIXME|XXX|HACK)\b/, 'unfinished'],
  [/eslint-disable|@ts-(?:ignore|nocheck|expect-error)/, 'silences a check'],
  [
    /\b(?:it|test|describe)\.(?:skip|only|todo)\b|\b(?:xit|xdescribe|fit|fdescribe)\(/,
    'a test that does not run, or keeps others from it',
  ],
  [
    /^(?:export )?(?:interface I[A-Z][a-z]|(?:abstract )?(?:class|interface|type) \w*(?:Impl|Manager|Helper|Utils?)\b)/,
    'a name that says nothing',
  ],
  [
    /\.(?:log|warn|error|fatal|debug)\(.*\$\{(?:String\(error\)|error\.message)/,
    'a log line in somebody else’s words, which may quote what is personal: log { err: error }',
  ],
  [/\/root\/|\/home\/\w+\//, 'a path of somebody’s machine'],
];

function* walk(root, folder = '') {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* walk(root, path);
    else if (entry.isFile()) yield path;
  }
}

function problemsOf(root, path) {
  const problems = [];
  if (names.test(path)) problems.push(`${path}: named after no subject`);
  if (!code.test(path)) return problems;
  const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n');
  if (lines.length > LONGEST && !tests.test(path) && !migrations.test(path))
    problems.push(`${path}: ${lines.length} lines, at most ${LONGEST}`);
  if (exempt.has(path)) return problems;
  lines.forEach((line, at) => {
    for (const [pattern, why] of leftBehind) if (pattern.test(line)) problems.push(`${path}:${at + 1}: ${why}`);
  });
  return problems;
}

function lockProblems(root) {
  const file = join(root, 'package-lock.json');
  if (!existsSync(file)) return [];
  const named = /"resolved": "(?!file:)/.test(readFileSync(file, 'utf8'));
  return named ? ['package-lock.json: names a registry (.npmrc keeps npm from doing so)'] : [];
}

/** Advisory locks are told apart by their number alone. */
function sharedLocks(root) {
  const owners = new Map();
  return [...walk(root)]
    .filter((path) => /^(?:apps|libs)\/.*\.ts$/.test(path) && !tests.test(path))
    .flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/\b\w*LOCK = (\d+)/g)].map(([, number]) => [path, number]),
    )
    .flatMap(([path, number]) => {
      const owner = owners.get(number) ?? path;
      owners.set(number, owner);
      return owner === path ? [] : [`${path}: the advisory lock ${number} is that of ${owner}`];
    });
}

export function houseProblems(root) {
  return [...[...walk(root)].flatMap((path) => problemsOf(root, path)), ...sharedLocks(root), ...lockProblems(root)];
}
