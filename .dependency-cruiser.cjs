// The house's floors, lowest first, as docs/architecture.md draws them. A room imports only rooms of lower floors, and
// enters them by their door. Every rule below is made from this array: a new room needs its name here and nothing else.
const floors = [
  ['crypto'],
  ['auth', 'database'],
  ['vault', 'flags', 'health', 'resilience'],
  ['ledger'],
  ['policy', 'oversight', 'identity', 'gdpr', 'compliance', 'operations'],
  ['decision'],
];

/** Doors beside `index.ts` and `core/index.ts`. */
const sideDoors = ['libs/database/src/embedded.ts', 'libs/database/src/testing.ts'];
/** What a core may use from npm: pure functions over their arguments. */
const purePackages = ['@marcbachmann/cel-js', 're2js', 'yaml'];
const pureBuiltins = ['assert', 'buffer', 'crypto', 'util'];

const escaped = (path) => path.replace(/[.]/g, '\\.');
const oneOf = (names) => `(?:${names.map(escaped).join('|')})`;
const rooms = floors.flat();
const doors = `^(?:libs/[^/]+/src/(?:core/)?index\\.ts|${sideDoors.map(escaped).join('|')})$`;
const core = '^libs/(?:crypto/src|([^/]+)/src/core)/';
const tests = ['[.-]spec\\.ts$', '[./]testing\\.ts$', '^(?:apps|libs)/[^/]+/test/', '^(?:bench|test)/'];
const npm = '(?:^|/)node_modules/';

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const onlyDown = floors.flatMap((floor, height) =>
  floor.map((room) => {
    const notLower = floors
      .slice(height)
      .flat()
      .filter((other) => other !== room);
    return error(
      'only-down',
      `${room} stands on floor ${height}: it imports rooms of lower floors only, never up, never sideways`,
      { path: `^libs/${room}/` },
      { path: `^(?:libs/${oneOf(notLower.length > 0 ? notLower : ['-'])}/|apps/)` },
    );
  }),
);

const forbidden = [
  ...onlyDown,
  error(
    'use-the-door',
    'a room is entered by its index.ts or core/index.ts',
    { path: '^(?:libs/([^/]+)|apps|bench|test)/' },
    { path: '^libs/', pathNot: ['^libs/$1/', doors] },
  ),
  error(
    'testing-is-for-tests',
    'what prepares test databases is no part of the product',
    { path: '^(?:apps|libs|bench)/', pathNot: tests },
    { path: '[./]testing\\.ts$' },
  ),
  error(
    'embedded-is-for-the-launcher',
    'the server knows nothing but its DATABASE_URL',
    { path: '^(?:apps|libs)/', pathNot: [...tests, '^apps/api/src/launch\\.ts$'] },
    { path: '^libs/database/src/embedded\\.ts$' },
  ),
  error(
    'pure-core',
    'a core is pure: no framework, no database, no input or output, nothing of its shell',
    { path: core, pathNot: tests },
    { path: '^libs/', pathNot: ['^libs/crypto/src/', '^libs/[^/]+/src/core/'] },
  ),
  error(
    'pure-core',
    'a core is pure: of npm it uses only what is listed in purePackages',
    { path: core, pathNot: tests },
    { path: npm, pathNot: `${npm}${oneOf(purePackages)}/` },
  ),
  error(
    'pure-core',
    'a core is pure: no files, no network, no processes, no timers',
    { path: core, pathNot: tests },
    { dependencyTypes: ['core'], pathNot: `^(?:node:)?${oneOf(pureBuiltins)}$` },
  ),
  error(
    'verify-is-offline',
    'the verifier shares no code with the server but crypto and pure cores, and uses nothing from npm',
    { path: '^apps/verify/', pathNot: tests },
    { path: ['^(?:libs|apps)/', npm], pathNot: ['^apps/verify/', '^libs/crypto/src/', '^libs/[^/]+/src/core/'] },
  ),
  error(
    'verify-is-offline',
    'the verifier opens no connection and starts no process',
    { path: '^apps/verify/', pathNot: tests },
    {
      dependencyTypes: ['core'],
      path: '^(?:node:)?(?:net|tls|http|https|http2|dns|dgram|child_process|cluster)(?:/|$)',
    },
  ),
  error(
    'apps-stand-alone',
    'an app imports rooms, not other apps',
    { path: '^apps/([^/]+)/' },
    { path: '^apps/', pathNot: '^apps/$1/' },
  ),
  error('every-room-has-a-floor', 'name the room in `floors`', { path: `^libs/(?!${oneOf(rooms)}/)` }, {}),
  error('every-room-has-a-floor', 'name the room in `floors`', {}, { path: `^libs/(?!${oneOf(rooms)}/)` }),
  error('no-cycles', 'in ES modules a cycle dies at boot; inside a room it is a knot', {}, { circular: true }),
  error(
    'no-orphans',
    'nobody imports this file and it imports nobody',
    { orphan: true, path: '^(?:apps|libs|bench)/', pathNot: [...tests, '^apps/[^/]+/src/leave-with-parent\\.ts$'] },
    {},
  ),
  error(
    'no-dev-dependencies',
    'what ships needs its packages in `dependencies`',
    { path: '^(?:apps|libs)/[^/]+/src/', pathNot: tests },
    { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  ),
  error('resolvable', 'the import leads nowhere', {}, { couldNotResolve: true }),
];

module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
