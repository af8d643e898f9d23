import { readFileSync } from 'node:fs';
import { hashOf, type Parsed, parsePolicy } from '@lexecon/policy/core';
import { demoPolicies } from './demo.policies.js';

const hash = (parsed: Parsed): string => (parsed.ok ? hashOf(parsed.document) : JSON.stringify(parsed.problems));

describe('the demo policies', () => {
  it('say the same as the examples in docs/policies', () => {
    const examples = ['customer-support', 'production-safety'].map((name) =>
      readFileSync(new URL(`../../../docs/policies/${name}.yaml`, import.meta.url), 'utf8'),
    );
    expect(demoPolicies.map((source) => hash(parsePolicy(source)))).toEqual(
      examples.map((text) => hash(parsePolicy(text))),
    );
  });
});
