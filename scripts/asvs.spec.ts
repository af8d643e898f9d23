import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

const program = join(process.cwd(), 'scripts/asvs.mjs');
const spec = 'libs/a/src/a.spec.ts';
const test = `${spec} › validates tokens`;
const page = 'docs/security/asvs.md';
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lexecon-asvs-'));
  put(spec, "describe('the room', () => {\n  it('validates tokens', () => undefined);\n});\n");
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

interface Row {
  readonly id: string;
  readonly level?: number;
  readonly status?: string;
  readonly why?: string;
  readonly tests?: readonly string[];
  readonly [other: string]: unknown;
}

const levels: Readonly<Record<string, number>> = {
  'V9.1.1': 1,
  'V9.1.2': 1,
  'V9.1.3': 1,
  'V9.2.1': 1,
  'V9.2.2': 2,
  'V9.2.3': 2,
  'V9.2.4': 2,
};

/** A report with the one chapter on tokens, in which `changed` replaces rows by their id; `without` leaves one out. */
function report(changed: readonly Row[], without?: string, outOfScope: readonly object[] = []): void {
  const requirements = Object.entries(levels)
    .filter(([id]) => id !== without)
    .map(([id, level]) => ({
      id,
      level,
      says: `what ${id} asks for`,
      status: 'not yet',
      ...changed.find((row) => row.id === id),
    }));
  put(
    'docs/security/asvs.yaml',
    stringify({ chapters: [{ chapter: 'V9 Tokens', level: 2, requirements, outOfScope }] }),
  );
}

function run(...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, [program, '--root', root, ...args], { encoding: 'utf8' });
  return { status, stderr };
}

function complaintAbout(row: Row): string {
  report([row]);
  const { status, stderr } = run();
  expect(status).toBe(1);
  expect(existsSync(join(root, page))).toBe(false);
  return stderr;
}

describe('the page', () => {
  it('tells each requirement with its state and its tests', () => {
    report([{ id: 'V9.1.1', status: 'met', tests: [test] }]);
    expect(run()).toEqual({ status: 0, stderr: '' });
    const text = readFileSync(join(root, page), 'utf8');
    expect(text).toContain(`| V9.1.1 | 1 | what V9.1.1 asks for | met | ${test} |`);
    expect(text).toContain('| V9 Tokens | 2 | 1 | 0 | 6 | 0 | 0 |');
    expect(run('--check')).toEqual({ status: 0, stderr: '' });
  });

  it('is stale until it is written again', () => {
    report([]);
    run();
    report([{ id: 'V9.1.1', status: 'met', tests: [test] }]);
    expect(run('--check').stderr).toContain('asvs.md is not what docs/security/asvs.yaml says');
    expect(run().status).toBe(0);
    expect(run('--check').status).toBe(0);
  });
});

describe('a requirement', () => {
  it.each(['met', 'partly'])('is not %s without a test', (status) => {
    expect(complaintAbout({ id: 'V9.1.1', status, why: 'because' })).toContain(
      `V9.1.1 is "${status}" and names no test`,
    );
  });

  it('names no test while nothing is claimed', () => {
    expect(complaintAbout({ id: 'V9.1.1', status: 'not yet', tests: [test] })).toContain('and yet names tests');
  });

  it.each(['partly', 'external', 'not applicable'])('says why it is %s', (status) => {
    const tests = status === 'partly' ? { tests: [test] } : {};
    expect(complaintAbout({ id: 'V9.1.1', status, ...tests })).toContain(`is "${status}" and does not say why`);
  });

  it('names tests that exist, and run', () => {
    const claim = (tests: readonly string[]) => complaintAbout({ id: 'V9.1.1', status: 'met', tests });
    expect(claim([`${spec} › signs tokens`])).toContain(`V9.1.1: ${spec} has no test "signs tokens"`);
    expect(claim(['libs/b/src/b.spec.ts › signs'])).toContain('there is no libs/b/src/b.spec.ts');
    expect(claim([`${spec} › the room`])).toContain('is not a test that runs');
  });

  it('is not met by a test that failed, or that a complete run left out', () => {
    report([{ id: 'V9.1.1', status: 'met', tests: [test] }]);
    run();
    const ran = (complete: boolean, tests: readonly object[]) => {
      put('.lexecon/test-results.json', JSON.stringify({ complete, tests }));
      return run('--check').stderr;
    };
    const name = 'the room validates tokens';
    expect(ran(false, [{ file: spec, name, status: 'failed' }])).toContain(`"${test}" is failed`);
    expect(ran(true, [])).toContain(`"${test}" did not run`);
    expect(ran(true, [{ file: spec, name, status: 'passed' }])).toBe('');
  });

  it('has the id and the level that the standard gives it', () => {
    expect(complaintAbout({ id: 'V9.2.2', level: 1 })).toContain('V9.2.2 is of level 2, not 1');
    report([], undefined, [{ ids: ['V9.3.1'], why: 'it does not exist' }]);
    expect(run().stderr).toContain('V9.3.1: ASVS 5.0.0 has no such requirement');
    expect(complaintAbout({ id: 'V9.1.1', status: 'done' })).toContain('unknown status done');
    expect(complaintAbout({ id: 'V9.1.1', state: 'met' })).toContain('unknown member state');
  });
});

describe('a chapter', () => {
  it('has everything of its level, once', () => {
    report([], 'V9.2.2');
    expect(run().stderr).toContain('V9.2.2 is missing');
    report([], undefined, [{ ids: ['V9.1.1', 'V8.1.1'], why: 'no reason' }]);
    const { stderr } = run();
    expect(stderr).toContain('V9.1.1 stands twice');
    expect(stderr).toContain('V8.1.1 is not of chapter V9');
  });
});
