import { readFileSync } from 'node:fs';
import { hashOf, type PolicyDocument } from './document.js';
import { parsePolicy, type PolicyProblem } from './parse.js';
import { policySchema } from './schema.js';

const EXAMPLE = `apiVersion: lexecon.dev/v1
kind: Policy
name: customer-support
rules:
  - id: read-orders
    effect: permit
    actors: { roles: [support-agent] }
    actions: ["database:read", "ticket:*"]
    resources: { types: [table], ids: ["orders", "order-*"] }
    when: context.riskScore < 60
    obligations: [{ name: mask-fields, parameters: { limit: 1.0 } }]
  - id: bulk-export
    effect: escalate
    dataClasses: { anyOf: [pii, financial] }
    review: { quorum: 2, within: PT4H }
`;

function document(text: string): PolicyDocument {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.document;
}

function problems(text: string): readonly PolicyProblem[] {
  const parsed = parsePolicy(text);
  return parsed.ok ? [] : parsed.problems;
}

const policy = (rules: string, head = ''): string =>
  `apiVersion: lexecon.dev/v1\nkind: Policy\nname: p\n${head}rules:\n${rules}`;

describe('parsePolicy', () => {
  it('fills defaults in and turns durations into seconds', () => {
    const { mode, risk, rules } = document(EXAMPLE);
    expect({ mode, risk }).toEqual({ mode: 'strict', risk: 'standard' });
    expect(rules[0]?.token).toEqual({ redeem: 'optional', lifetime: 60 });
    expect(rules[0]?.actors).toEqual({ roles: ['support-agent'], unregistered: false });
    expect(rules[1]?.review).toEqual({ role: 'reviewer', quorum: 2, within: 14_400, onExpiry: 'deny' });
    expect(document(policy('  - { id: a, effect: escalate }')).rules[0]?.review).toEqual({
      role: 'reviewer',
      quorum: 1,
      within: 86_400,
      onExpiry: 'deny',
    });
  });

  it('gives YAML and JSON of the same meaning one hash', () => {
    const json = JSON.stringify({
      rules: [
        {
          obligations: [{ parameters: { limit: 1 }, name: 'mask-fields' }],
          when: 'context.riskScore < 60',
          resources: { ids: ['orders', 'order-*'], types: ['table'] },
          actions: ['database:read', 'ticket:*'],
          actors: { unregistered: false, roles: ['support-agent'] },
          effect: 'permit',
          id: 'read-orders',
        },
        {
          review: { onExpiry: 'deny', role: 'reviewer', within: 'PT240M', quorum: 2 },
          dataClasses: { anyOf: ['pii', 'financial'] },
          effect: 'escalate',
          id: 'bulk-export',
        },
      ],
      risk: 'standard',
      mode: 'strict',
      name: 'customer-support',
      kind: 'Policy',
      apiVersion: 'lexecon.dev/v1',
    });
    expect(hashOf(document(json))).toBe(hashOf(document(EXAMPLE)));
    expect(hashOf(document(JSON.stringify(JSON.parse(json), null, '\t')))).toBe(hashOf(document(EXAMPLE)));
    expect(hashOf(document(EXAMPLE))).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('gives a block text the hash of the same condition on one line', () => {
    const block = EXAMPLE.replace('when: context.riskScore < 60', 'when: |\n      context.riskScore < 60');
    expect(hashOf(document(block))).toBe(hashOf(document(EXAMPLE)));
  });

  it.each([
    ['a rule', 'id: read-orders', 'id: read-order'],
    ['a condition', '< 60', '< 61'],
    ['a duration', 'PT4H', 'PT5H'],
    ['a parameter', 'limit: 1.0', 'limit: 1.5'],
    ['the mode', 'rules:', 'mode: paranoid\nrules:'],
  ])('gives another hash when %s changes', (_, from, to) => {
    expect(hashOf(document(EXAMPLE.replace(from, to)))).not.toBe(hashOf(document(EXAMPLE)));
  });

  it('says everything that is wrong at once, with pointers and places', () => {
    const found = problems(`apiVersion: lexecon.dev/v2
kind: Policy
name: Bad Name
colour: red
rules:
  - id: a
    effect: allow
    actions: []
    when: context.riskscore < 5
  - effect: permit
    resources: {}
    token: { lifetime: PT10M }
`);
    expect(found.map(({ pointer, line, column }) => `${line}:${column} ${pointer}`)).toEqual([
      '1:13 /apiVersion',
      '3:7 /name',
      '4:9 /colour',
      '7:13 /rules/0/effect',
      '8:14 /rules/0/actions',
      '9:19 /rules/0/when',
      '10:5 /rules/1/id',
      '11:16 /rules/1/resources',
      '12:24 /rules/1/token/lifetime',
    ]);
  });

  it.each([
    ['a duplicate key', policy('  - { id: a, id: b, effect: permit }'), /there twice/],
    ['an alias', policy('  - &x { id: a, effect: permit }\n  - *x'), /aliases/],
    ['two documents', `${policy('  []')}\n---\n{}`, /one document/],
    ['a broken text', 'name: [', /./],
    ['an empty text', '', /empty/],
    ['a scalar', '5', /must be an object/],
    ['a custom tag', policy('  - { id: !secret a, effect: permit }'), /tag/i],
    ['a duplicate id', policy('  - { id: a, effect: permit }\n  - { id: a, effect: forbid }'), /taken/],
    ['an empty text in a selector', policy('  - { id: a, effect: permit, actions: [""] }'), /must not be empty/],
    ['three stars', policy('  - { id: a, effect: permit, actions: ["a***"] }'), /three or more/],
    ['a review on a permit', policy('  - { id: a, effect: permit, review: {} }'), /only an escalate/],
    ['a token on a forbid', policy('  - { id: a, effect: forbid, token: {} }'), /only a permit/],
    [
      'obligations on a forbid',
      policy('  - { id: a, effect: forbid, obligations: [{ name: x }] }'),
      /obliges to nothing/,
    ],
    [
      'a long token without redemption',
      policy('  - { id: a, effect: permit, token: { lifetime: PT2M } }'),
      /redeem: required/,
    ],
    [
      'a token over five minutes',
      policy('  - { id: a, effect: permit, token: { redeem: required, lifetime: PT6M } }'),
      /1 to 300/,
    ],
    ['a duration in months', policy('  - { id: a, effect: escalate, review: { within: P1M } }'), /ISO 8601/],
    ['a number in place of a text', policy('  - { id: 7, effect: permit }'), /must be a text/],
    [
      'an infinite number',
      policy('  - { id: a, effect: permit, obligations: [{ name: x, parameters: { a: .inf } }] }'),
      /JSON/,
    ],
    [
      'a number beyond exactness',
      policy('  - { id: a, effect: permit, obligations: [{ name: x, parameters: { a: 9007199254740993 } }] }'),
      /exact/,
    ],
    ['half a surrogate pair', policy('  - { id: a, effect: permit, reason: "\\ud800" }'), /surrogate/],
    ['a condition of another type', policy('  - { id: a, effect: permit, when: context.riskScore }'), /must be a bool/],
    ['an unknown member of a rule', policy('  - { id: a, effect: permit, condition: "true" }'), /unknown member/],
    [
      'an obligation named twice',
      policy('  - { id: a, effect: permit, obligations: [{ name: x }, { name: x }] }'),
      /twice/,
    ],
    [
      'a key named __proto__',
      policy('  - { id: a, effect: permit, obligations: [{ name: x, parameters: { __proto__: 1 } }] }'),
      /__proto__/,
    ],
  ])('refuses %s', (_, text, detail) => {
    expect(
      problems(text)
        .map((problem) => problem.detail)
        .join('\n'),
    ).toMatch(detail);
  });

  it('does not take YAML 1.1 words for booleans', () => {
    expect(document(policy('  - { id: "no", effect: permit, reason: yes }')).rules[0]).toMatchObject({
      id: 'no',
      reason: 'yes',
    });
  });

  it('does not blow up on a text that aliases multiply', () => {
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1]',
      ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
    ];
    expect(problems(bomb.join('\n')).some(({ detail }) => detail.includes('aliases'))).toBe(true);
  });

  it.each([
    ['deep lists', '['.repeat(60_000)],
    ['deep maps', '{a: '.repeat(60_000)],
    ['deep lists that end', `${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['deep blocks', Array.from({ length: 1500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['many keys', Array.from({ length: 20_000 }, (_, i) => `a${i}: 1`).join('\n')],
    ['a NUL', 'name: "a\\0b"'],
    ['an empty key', ': 1'],
    ['a complex key', '? [a]\n: 1'],
    ['binary', String.fromCharCode(...Array.from({ length: 300 }, (_, i) => i))],
  ])('refuses %s without throwing', (_, text) => {
    expect(problems(text).length).toBeGreaterThan(0);
  });

  it('places a mistake inside a block condition', () => {
    const [problem] = problems(
      policy('  - id: a\n    effect: permit\n    when: |\n      actor.registered &&\n        context.riskscore < 5\n'),
    );
    expect(problem).toMatchObject({ pointer: '/rules/0/when', line: 9, column: 17 });
  });
});

describe('policySchema', () => {
  it('is what docs/policy.schema.json holds', () => {
    const path = new URL('../../../../docs/policy.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(policySchema());
  });
});
