import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = process.cwd();
const SLOW = 120_000;
let house = '';

/** A small house of its own under the real rules; `files` by path. */
function build(files: Readonly<Record<string, string>>): void {
  house = realpathSync(mkdtempSync(join(tmpdir(), 'lexecon-house-')));
  for (const name of [
    'tsconfig.json',
    'tsconfig.base.json',
    'package.json',
    'eslint.config.js',
    '.dependency-cruiser.cjs',
  ])
    cpSync(join(root, name), join(house, name));
  cpSync(join(root, 'scripts/import-order.mjs'), join(house, 'scripts/import-order.mjs'));
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  }
}

function run(program: string, ...args: string[]): { readonly status: number | null; readonly output: string } {
  const command = [join(root, 'node_modules', program), ...args];
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: house, encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

/** `rule: from → to` of each violation, as dependency-cruiser words it. */
function cruise(): readonly string[] {
  const { output } = run('dependency-cruiser/bin/dependency-cruiser.mjs', '--output-type', 'err', 'apps', 'libs');
  return [...output.matchAll(/^\s*error ([\w-]+: .*)$/gm)].map(([, found = '']) => found.trim());
}

/** `line: message (rule)` of each finding in one file. */
function lint(path: string): string {
  const { output } = run('eslint/bin/eslint.js', '--format', 'json', path);
  const [file] = JSON.parse(output) as readonly { messages: { line: number; message: string; ruleId: string }[] }[];
  return (file?.messages ?? []).map(({ line, message, ruleId }) => `${line}: ${message} (${ruleId})`).join('\n');
}

afterEach(() => {
  rmSync(house, { recursive: true, force: true });
});

const sound = {
  'apps/api/src/main.ts':
    "import { decide } from '@lexecon/decision';\nimport { append } from '@lexecon/ledger';\ndecide();\nappend();\n",
  'libs/crypto/src/index.ts': 'export const hash = (text: string): string => text;\n',
  'libs/ledger/src/core/leaf.ts': "import { hash } from '@lexecon/crypto';\nexport const leaf = hash('leaf');\n",
  'libs/ledger/src/core/index.ts': "export { leaf } from './leaf.js';\n",
  'libs/ledger/src/index.ts': "import { leaf } from './core/index.js';\nexport const append = (): string => leaf;\n",
  'libs/decision/src/index.ts':
    "import { append } from '@lexecon/ledger';\nexport const decide = (): string => append();\n",
} as const;

describe('the architecture rules', () => {
  it(
    'let a house pass in which every arrow goes down, through a door',
    () => {
      build(sound);
      expect(cruise()).toEqual([]);
    },
    SLOW,
  );

  it(
    'name every kind of wrong import',
    () => {
      build({
        ...sound,
        'apps/verify/src/main.ts':
          "import '@lexecon/ledger';\nimport 'node:https';\nimport 'pg';\nimport '../../api/src/main.js';\n",
        'libs/auth/src/index.ts': "import '@lexecon/database';\nimport '@lexecon/policy';\n",
        'libs/database/src/index.ts': "import './testing.js';\n",
        'libs/database/src/testing.ts': 'export const schema = 1;\n',
        'libs/database/src/embedded.ts': 'export const start = 1;\n',
        'libs/policy/src/index.ts': "import '../../ledger/src/core/leaf.js';\nimport '@lexecon/database/embedded';\n",
        'libs/policy/src/core/evaluate.ts':
          "import 'node:fs';\nimport '@nestjs/common';\nimport '../index.js';\nimport 'node:crypto';\nimport 'yaml';\n",
        'libs/vault/src/index.ts': "import './a.js';\nimport 'nowhere';\nimport 'fast-check';\n",
        'libs/vault/src/a.ts': "import './b.js';\n",
        'libs/vault/src/b.ts': "import './a.js';\n",
        'libs/health/src/alone.ts': 'export const alone = 1;\n',
        'libs/attic/src/index.ts': "import '@lexecon/crypto';\n",
      });
      const found = cruise();
      for (const violation of [
        'only-down: libs/auth/src/index.ts → libs/database/src/index.ts',
        'only-down: libs/auth/src/index.ts → libs/policy/src/index.ts',
        'use-the-door: libs/policy/src/index.ts → libs/ledger/src/core/leaf.ts',
        'embedded-is-for-the-launcher: libs/policy/src/index.ts → libs/database/src/embedded.ts',
        'testing-is-for-tests: libs/database/src/index.ts → libs/database/src/testing.ts',
        'pure-core: libs/policy/src/core/evaluate.ts → fs',
        'pure-core: libs/policy/src/core/evaluate.ts → libs/policy/src/index.ts',
        'verify-is-offline: apps/verify/src/main.ts → libs/ledger/src/index.ts',
        'verify-is-offline: apps/verify/src/main.ts → https',
        'apps-stand-alone: apps/verify/src/main.ts → apps/api/src/main.ts',
        'resolvable: libs/vault/src/index.ts → nowhere',
        'every-room-has-a-floor: libs/attic/src/index.ts → libs/crypto/src/index.ts',
      ])
        expect(found).toContain(violation);
      const packages = found.filter((line) => line.includes('node_modules'));
      expect(packages).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^pure-core: libs\/policy\/src\/core\/evaluate\.ts → .*@nestjs\/common/),
          expect.stringMatching(/^verify-is-offline: apps\/verify\/src\/main\.ts → .*\/pg\//),
          expect.stringMatching(/^no-dev-dependencies: libs\/vault\/src\/index\.ts → .*fast-check/),
        ]),
      );
      expect(found).toContainEqual(expect.stringMatching(/^no-cycles: libs\/vault\/src\/(?:a|b)\.ts/));
      expect(found).toContainEqual(expect.stringMatching(/^no-orphans: libs\/health\/src\/alone\.ts/));
      expect(found.filter((line) => /pure-core: .* → .*(?:crypto|yaml)/.test(line))).toEqual([]);
    },
    SLOW,
  );
});

describe('the lint rules', () => {
  it(
    'find what the house forbids, and only in what it forbids it',
    () => {
      build({
        'libs/policy/src/core/clock.ts': [
          'export const now = (): number => Date.now();',
          'export const today = (): Date => new Date();',
          'export const dice = (): number => Math.random();',
          "import { randomBytes } from 'node:crypto';",
          'export const given = (at: number): Date => new Date(at);',
          'export const bytes = (): Buffer => randomBytes(1);',
        ].join('\n'),
        'libs/policy/src/shell.ts': [
          "import { leaf } from './core/clock.js';",
          "import { readFile } from 'node:fs/promises';",
          '/* eslint-disable */',
          'export const anything = (value: any): unknown => value;',
          "export const forgotten = (): void => { readFile('x'); };",
          'export enum Colour { Red }',
          'export const now = (): number => Date.now();',
          'export { leaf };',
        ].join('\n'),
      });
      const core = lint('libs/policy/src/core/clock.ts');
      expect(core).toMatch(/^1: .*no clock/m);
      expect(core).toMatch(/^2: .*no clock/m);
      expect(core).toMatch(/^3: .*no dice/m);
      expect(core).toMatch(/^4: .*no dice/m);
      expect(core).not.toMatch(/^[56]:/m);
      const shell = lint('libs/policy/src/shell.ts');
      expect(shell).toMatch(/^2: .*far to near/m);
      expect(shell).toMatch(/^4: .*no-explicit-any/m);
      expect(shell).toMatch(/^5: .*no-floating-promises/m);
      expect(shell).toMatch(/^6: .*union of literals/m);
      expect(shell).not.toMatch(/^7: .*clock/m);
    },
    SLOW,
  );
});

describe('the house rules', () => {
  it('find long files, empty names and what was left behind', async () => {
    const rules: unknown = await import(join(root, 'scripts/house.mjs'));
    const { houseProblems } = rules as { houseProblems: (root: string) => readonly string[] };
    build({
      'libs/policy/src/long.ts': 'export const a = 1;\n'.repeat(301),
      'libs/policy/src/long.spec.ts': 'export const a = 1;\n'.repeat(301),
      'libs/policy/src/fits.ts': 'export const a = 1;\n'.repeat(300),
      'libs/policy/src/utils/text.ts': 'export const a = 1;\n',
      'libs/policy/src/left.ts': '// TODO: later\n',
      'libs/policy/src/left.spec.ts': "it.skip('runs', () => {});\n",
      'libs/policy/src/change.ts': 'const CHANGE_LOCK = 7105;\n',
      'libs/policy/src/sweep.task.ts': 'const SWEEP_LOCK = 7105;\n',
      'libs/policy/src/named.ts': "import { type EntityManager } from 'typeorm';\nexport class PolicyManager {}\n",
    });
    expect(houseProblems(house)).toEqual([
      expect.stringContaining('libs/policy/src/left.spec.ts:1: a test that does not run'),
      expect.stringContaining('libs/policy/src/left.ts:1: unfinished'),
      expect.stringContaining('libs/policy/src/long.ts: 301 lines'),
      expect.stringContaining('libs/policy/src/named.ts:2: a name that says nothing'),
      expect.stringContaining('libs/policy/src/utils/text.ts: named after no subject'),
      'libs/policy/src/sweep.task.ts: the advisory lock 7105 is that of libs/policy/src/change.ts',
    ]);
  });
});
