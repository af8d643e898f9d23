const base = {
  testEnvironment: 'node',
  rootDir: '.',
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: ['<rootDir>/test/preload-esm.mjs'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^@lexecon/database/(embedded|testing)$': '<rootDir>/libs/database/src/$1.ts',
    '^@lexecon/([^/]+)/core$': '<rootDir>/libs/$1/src/core/index.ts',
    '^@lexecon/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist'],
};

/** Tests that also run on the oldest PostgreSQL: the schema, the ledger's statements, the key store, and one user's journey. */
const onTheOldest = [
  'libs/database/{src,test}/*.{db,oldest}-spec.ts',
  'libs/ledger/src/{batch-writer,ledger.service,proof.service,verification.task}.db-spec.ts',
  'libs/ledger/test/{fence,partitions,sequencing,shards,rotation,tampering}.db-spec.ts',
  'libs/vault/src/*.db-spec.ts',
  'libs/decision/src/*.db-spec.ts',
  'libs/policy/src/policy.db-spec.ts',
  'apps/api/test/decide.e2e-spec.ts',
];

/** `unit` needs nothing but npm packages; `database` a real PostgreSQL (TEST_DATABASE_URL, see scripts/test.mjs);
 *  `e2e` the built server; `oldest` PostgreSQL 14 too; `valkey` a Valkey or Redis server program; `go` Go with golang.org/x/mod. */
const well = { lines: 95, statements: 95, functions: 95, branches: 85 };

export default {
  // Generous: the machines that run this are shared, and no test is about time.
  testTimeout: 60_000,
  coverageProvider: 'v8',
  coverageDirectory: '.lexecon/coverage',
  coverageReporters: ['json-summary', 'text-summary'],
  // Left out: history (run by every database test), and programs that tests run as processes of their own.
  collectCoverageFrom: [
    '{apps,libs}/*/src/**/*.ts',
    '!**/*{.,-}spec.ts',
    '!libs/database/src/migrations/**',
    '!apps/api/src/{main,launch,leave-with-parent,generate,telemetry,vault}.ts',
    '!libs/health/src/watchdog.worker.ts',
  ],
  coverageThreshold: {
    global: { lines: 80, statements: 80, functions: 80, branches: 80 },
    './libs/auth/src/': well,
    './libs/ledger/src/': well,
    './libs/policy/src/': well,
  },
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,bench,scripts}/**/*.spec.ts'] },
    { ...base, displayName: 'database', testMatch: ['<rootDir>/{apps,libs}/**/*.db-spec.ts'] },
    { ...base, displayName: 'e2e', testMatch: ['<rootDir>/apps/**/*.e2e-spec.ts'] },
    {
      ...base,
      displayName: 'oldest',
      setupFiles: [...base.setupFiles, '<rootDir>/test/oldest-database.mjs'],
      testMatch: onTheOldest.map((pattern) => `<rootDir>/${pattern}`),
    },
    { ...base, displayName: 'valkey', testMatch: ['<rootDir>/{apps,libs}/**/*.valkey-spec.ts'] },
    { ...base, displayName: 'browser', testMatch: ['<rootDir>/apps/**/*.browser-spec.ts'] },
    { ...base, displayName: 'go', testMatch: ['<rootDir>/{apps,libs}/**/*.go-spec.ts'] },
  ],
};
