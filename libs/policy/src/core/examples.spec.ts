import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { casesSchema, policySchema } from './schema.js';
import { parsePolicy } from './parse.js';

const docs = new URL('../../../../docs/policies/', import.meta.url);
const cases = new URL('../../test/cases/', import.meta.url);
const yaml = (folder: URL): string[] => readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const textOf = (folder: URL, name: string): string => readFileSync(new URL(name, folder), 'utf8');

describe('the JSON schema', () => {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  const isPolicy = ajv.compile(policySchema());
  const areCases = ajv.compile(casesSchema());

  it.each(yaml(docs))('takes the example %s, and so does the parser', (name) => {
    const text = textOf(docs, name);
    expect(isPolicy(parse(text)) ? null : isPolicy.errors).toBeNull();
    expect(parsePolicy(text)).toMatchObject({ ok: true });
  });

  it('takes the cases and policies of every case file', () => {
    for (const name of yaml(cases)) {
      const file: unknown = parse(textOf(cases, name));
      const { policies = [], cases: given } = file as { policies?: unknown[]; cases?: unknown };
      for (const policy of policies) expect([name, isPolicy(policy) ? null : isPolicy.errors]).toEqual([name, null]);
      if (given) expect([name, areCases(given) ? null : areCases.errors]).toEqual([name, null]);
    }
  });

  it.each([
    [{ apiVersion: 'lexecon.dev/v1', kind: 'Policy', name: 'p' }],
    [{ apiVersion: 'lexecon.dev/v1', kind: 'Policy', name: 'P!', rules: [] }],
    [{ apiVersion: 'lexecon.dev/v1', kind: 'Policy', name: 'p', rules: [], colour: 'red' }],
    [{ apiVersion: 'lexecon.dev/v1', kind: 'Policy', name: 'p', rules: [{ id: 'a', effect: 'allow' }] }],
    [{ apiVersion: 'lexecon.dev/v1', kind: 'Policy', name: 'p', rules: [{ id: 'a', effect: 'permit', actions: [] }] }],
    [{ apiVersion: 'lexecon.dev/v1', kind: 'Policy', name: 'p', rules: [{ id: 'a', effect: 'permit', actors: {} }] }],
    [
      {
        apiVersion: 'lexecon.dev/v1',
        kind: 'Policy',
        name: 'p',
        rules: [{ id: 'a', effect: 'escalate', review: { within: '4h' } }],
      },
    ],
  ])('refuses what the parser refuses: %j', (policy) => {
    expect(isPolicy(policy)).toBe(false);
    expect(parsePolicy(JSON.stringify(policy)).ok).toBe(false);
  });
});
