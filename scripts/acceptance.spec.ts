import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const program = join(process.cwd(), 'scripts/acceptance.mjs');
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lexecon-acceptance-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

interface Row {
  readonly id: number;
  readonly class?: string;
  readonly begun?: boolean;
  readonly state?: string;
  readonly tests?: readonly string[];
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A criteria.yaml of 149 rows in which `changed` replaces rows by their id; `without` leaves one out. */
function criteria(changed: readonly Row[], without?: number): void {
  const rows = Array.from({ length: 149 }, (_, at): Row => changed.find(({ id }) => id === at + 1) ?? { id: at + 1 });
  const lines = rows
    .filter(({ id }) => id !== without)
    .flatMap((row) => [
      `      - id: ${String(row.id)}`,
      `        title: Criterion ${String(row.id)}`,
      `        class: ${row.class ?? 'L'}`,
      ...(row.begun ? ['        begun: true'] : []),
      `        state: ${row.state ?? 'not yet'}`,
      `        tests: ${JSON.stringify(row.tests ?? [])}`,
    ]);
  put('docs/acceptance/criteria.yaml', ['parts:', '  - part: 1 All', '    criteria:', ...lines, ''].join('\n'));
}

function results(complete: boolean, status?: string): void {
  const tests = status ? [{ file: 'libs/a/src/a.spec.ts', name: 'the room answers in time', status }] : [];
  put('.lexecon/test-results.json', JSON.stringify({ complete, tests }));
}

function run(...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, [program, '--root', root, ...args], { encoding: 'utf8' });
  return { status, stderr };
}

const written = (): string => readFileSync(join(root, 'docs/acceptance/criteria.yaml'), 'utf8');
const stateIn = (text: string, id: number): string | undefined =>
  new RegExp(`- id: ${String(id)}\\n(?:.*\\n)*?\\s+state: (.*)\\n`).exec(text)?.[1];

const spec = 'libs/a/src/a.spec.ts';
const test = `${spec} › answers in time`;
const source = "describe('the room', () => {\n  it('answers in time', () => undefined);\n});\n";

describe('the states', () => {
  it('are derived from the tests that exist, and a begun row claims nothing', () => {
    put(spec, source);
    criteria([
      { id: 1, tests: [test] },
      { id: 2, class: 'S', tests: [test] },
      { id: 3, class: 'L/X', tests: [test] },
      { id: 4, begun: true, tests: [test] },
      { id: 5, state: 'live test' },
    ]);
    expect(run()).toEqual({ status: 0, stderr: '' });
    const states = [1, 2, 3, 4, 5].map((id) => stateIn(written(), id));
    expect(states).toEqual(['live test', 'static', 'external', 'not yet', 'not yet']);
    expect(run('--check')).toEqual({ status: 0, stderr: '' });
  });

  it('cannot be ticked by hand', () => {
    criteria([]);
    run();
    criteria([{ id: 7, state: 'live test' }]);
    const checked = run('--check');
    expect(checked.status).toBe(1);
    expect(checked.stderr).toContain('criterion 7 says "live test" and is "not yet"');
  });

  it('leave the report stale until it is generated again', () => {
    put(spec, source);
    criteria([]);
    run();
    criteria([{ id: 7, state: 'live test', tests: [test] }]);
    expect(run('--check').stderr).toContain('report.md is not what the criteria say');
    expect(run().status).toBe(0);
    expect(run('--check').status).toBe(0);
  });
});

describe('a named test', () => {
  const problemWith = (tests: readonly string[], text: string): string => {
    put(spec, text);
    criteria([{ id: 9, tests }]);
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(existsSync(join(root, 'docs/acceptance/report.md'))).toBe(false);
    return stderr;
  };

  it('must be in its file', () => {
    expect(problemWith([`${spec} › answers late`], source)).toContain(
      `criterion 9: ${spec} has no test "answers late"`,
    );
  });

  it('must name a spec file that exists', () => {
    expect(problemWith(['libs/b/src/b.spec.ts › answers'], source)).toContain('there is no libs/b/src/b.spec.ts');
    expect(problemWith(['README.md › answers'], source)).toContain('README.md is not a spec file');
    expect(problemWith(['answers in time'], source)).toContain('is not "<spec file> › <test title>"');
  });

  it.each(['it.skip', 'xit', 'it.todo', 'describe'])('must be a test that runs, not %s', (call) => {
    expect(problemWith([test], `${call}('answers in time', () => undefined);`)).toContain('is not a test that runs');
  });

  it('may be one row of a table, or quoted in another way', () => {
    put(spec, "it.each([[1, (2)]])('answers %s', () => undefined);\nit('keeps the caller\\'s id', () => undefined);\n");
    criteria([{ id: 9, tests: [`${spec} › answers %s`, `${spec} › keeps the caller's id`] }]);
    expect(run()).toEqual({ status: 0, stderr: '' });
  });

  it('must have passed in the last run', () => {
    put(spec, source);
    criteria([{ id: 9, tests: [test] }]);
    run();
    results(false, 'failed');
    expect(run('--check').stderr).toContain(`criterion 9: "${test}" is failed`);
    results(false, 'passed');
    expect(run('--check').status).toBe(0);
  });

  it('must have been part of a complete run', () => {
    put(spec, source);
    criteria([{ id: 9, tests: [test] }]);
    run();
    results(true);
    expect(run('--check').stderr).toContain(`criterion 9: "${test}" did not run`);
    results(false);
    expect(run('--check').status).toBe(0);
  });
});

describe('the list', () => {
  it('holds every id from 1 to 149 once', () => {
    criteria([], 77);
    expect(run('--check').stderr).toContain('criterion 77 is missing');
    criteria([{ id: 12, class: 'Z' }]);
    expect(run('--check').stderr).toContain('criterion 12: unknown class Z');
  });
});
