import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Json } from '@lexecon/crypto';
import { type PolicyCase, readCases, runCases } from './case.js';
import { compile, type PolicySet } from './compile.js';
import { hashOf } from './document.js';
import { parsePolicy } from './parse.js';

interface Texts {
  readonly name: string;
  readonly texts: readonly string[];
  readonly pointers?: readonly string[];
}

interface CaseFile {
  readonly about: string;
  readonly policies?: readonly unknown[];
  readonly cases?: Json;
  readonly same?: readonly Texts[];
  readonly different?: readonly Texts[];
  readonly refused?: readonly Texts[];
}

const folder = new URL('../../test/cases/', import.meta.url);
const files = readdirSync(folder).map((name): [string, CaseFile] => [
  name.replace('.yaml', ''),
  parse(readFileSync(new URL(name, folder), 'utf8')),
]);

function hash(text: string): string {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return hashOf(parsed.document);
}

function read(cases: Json): readonly PolicyCase[] {
  if (cases === null) return [];
  return readCases(cases, (pointer, detail) => {
    throw new Error(`${pointer}: ${detail}`);
  });
}

function setOf(policies: readonly unknown[]): PolicySet {
  return compile(
    policies.map((policy) => {
      const parsed = parsePolicy(JSON.stringify(policy));
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      return { document: parsed.document, version: 1, hash: hashOf(parsed.document) };
    }),
  );
}

it('has at least sixty case files', () => {
  expect(files.length).toBeGreaterThanOrEqual(60);
});

describe.each(files)('%s', (_, { about, policies, cases = null, same = [], different = [], refused = [] }) => {
  it(about, () => {
    expect(read(cases).length + same.length + different.length + refused.length).toBeGreaterThan(0);
    const failures = runCases(setOf(policies ?? []), read(cases)).filter(({ passed }) => !passed);
    expect(failures.map(({ name, differences }) => ({ name, differences }))).toEqual([]);
    for (const { name, texts } of same) expect([name, new Set(texts.map(hash)).size]).toEqual([name, 1]);
    for (const { name, texts } of different)
      expect([name, new Set(texts.map(hash)).size]).toEqual([name, texts.length]);
    for (const { name, texts, pointers } of refused) {
      const parsed = parsePolicy(texts.join('\n'));
      expect([name, parsed.ok ? [] : parsed.problems.map(({ pointer }) => pointer)]).toEqual([name, pointers]);
    }
  });
});
