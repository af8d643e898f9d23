import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = process.cwd();
const top = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];

function markdownBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path));
}

const documents = [...top, ...markdownBelow('docs')];
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Text outside of code blocks and code spans. */
const proseOf = (path: string): string =>
  textOf(path)
    .replace(/^ *```[\s\S]*?^ *```/gm, '')
    .replace(/`[^`\n]*`/g, '');

/** What GitHub makes of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function brokenLinks(path: string): readonly string[] {
  const links = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? path : relative(root, join(root, dirname(path), file));
    if (!existsSync(join(root, found))) return true;
    return (
      anchor !== undefined &&
      ![...textOf(found).matchAll(/^#+ (.*)$/gm)].some(([, heading = '']) => anchorOf(heading) === anchor)
    );
  });
}

describe('the documents', () => {
  it.each(documents)('link only to what exists: %s', (path) => {
    expect(brokenLinks(path)).toEqual([]);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Readonly<Record<string, string>> };
    const named = documents.flatMap((path) =>
      [...textOf(path).matchAll(/npm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, short]) => run ?? short ?? ''),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('name only program files of this repository that exist', () => {
    const named = documents.flatMap((path) =>
      [...textOf(path).matchAll(/\b(?:scripts|libs|apps)\/[\w./-]+\.(?:ts|mjs|sh|yaml)\b/g)].map(([file]) => file),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

describe('a runbook', () => {
  const pages = readdirSync(join(root, 'docs/runbooks')).filter((name) => name !== 'README.md');

  it.each(pages)('says who it is for and when it was drilled, and has its five parts: %s', (name) => {
    const text = textOf(join('docs/runbooks', name));
    expect(text).toMatch(new RegExp(`^---\\nid: ${name.replace('.md', '')}\\n`));
    expect(text).toMatch(/\nseverity: (critical|warning|none)\n/);
    expect(text).toMatch(/\nlast_drilled: (never|\d{4}-\d\d-\d\d)\n/);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      'Symptom',
      'Investigation',
      'Causes',
      'Resolution',
      'Escalation',
    ]);
  });

  it.each(pages)('has commands that a shell can read: %s', (name) => {
    const blocks = [...textOf(join('docs/runbooks', name)).matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].map(
      ([, block = '']) => block,
    );
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) {
      const checked = spawnSync('bash', ['-n'], { input: block.replace(/<[a-z][^>\n]*>/g, 'given'), encoding: 'utf8' });
      expect(checked.stderr).toBe('');
    }
  });

  it('stands in the index', () => {
    const index = textOf('docs/runbooks/README.md');
    expect(pages.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  });
});

describe('a decision about the architecture', () => {
  const pages = readdirSync(join(root, 'docs/adr')).filter((name) => name !== 'README.md');

  it.each(pages)('gives situation, choice, consequences and what would change our mind: %s', (name) => {
    const text = textOf(join('docs/adr', name));
    expect(text).toMatch(new RegExp(`^# ${String(Number(name.slice(0, 4)))}\\. `));
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      'Context',
      'Decision',
      'Consequences',
      'What would change our mind',
    ]);
    expect(textOf('docs/adr/README.md')).toContain(`(${name})`);
  });
});
