import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = process.cwd();
const SLOW = 120_000;

function compile(folder: string, ...args: readonly string[]): readonly string[] {
  const command = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json', '--pretty', 'false', ...args];
  return spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 }).stdout.split('\n');
}

/** One mistake a line. */
const mistakes = {
  'a parameter without a type': 'export const a = (x) => x;',
  'a value that may be null': 'export const b = (x: string | null): number => x.length;',
  'an element that may not be there': 'export const c = (x: readonly string[]): string => x[0];',
  'undefined where a member may only be left out': 'export const d: { readonly x?: string } = { x: undefined };',
  'a case that falls through': 'export function e(x: number) { switch (x) { case 1: a(1); case 2: a(2); } }',
  'a function that forgets an answer': "export function f(x: boolean): string { if (x) return 'yes'; }",
  'a local that nobody uses': 'export function g() { const x = 1; }',
  'a caught value taken for an error': 'export function h() { try { a(1); } catch (error) { a(error.message); } }',
};

describe('the type rules', () => {
  it(
    'refuse each planted mistake',
    () => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lexecon-types-')));
      try {
        for (const name of ['tsconfig.json', 'tsconfig.base.json', 'package.json'])
          cpSync(join(root, name), join(folder, name));
        symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
        mkdirSync(join(folder, 'libs/policy/src'), { recursive: true });
        writeFileSync(join(folder, 'libs/policy/src/index.ts'), Object.values(mistakes).join('\n'));
        const found = compile(folder).map((line) => /^libs\/policy\/src\/index\.ts\((\d+),/.exec(line)?.[1]);
        const missed = Object.keys(mistakes).filter((_, at) => !found.includes(String(at + 1)));
        expect(missed).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    SLOW,
  );

  it(
    'cover every source file of the repository',
    () => {
      const listed = ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'];
      const sources = spawnSync('git', listed, { cwd: root, encoding: 'utf8' }).stdout.trim().split('\n');
      const covered = new Set(compile(root, '--listFilesOnly').map((file) => relative(root, file)));
      expect(sources.length).toBeGreaterThan(100);
      expect(sources.filter((file) => !covered.has(file))).toEqual([]);
    },
    SLOW,
  );
});
