import fc from 'fast-check';
import { evaluateLinear } from '../../test/evaluate-linear.js';
import { compile, compileAsync, type PolicySet } from './compile.js';
import { hashOf, type PolicyDocument } from './document.js';
import { evaluate } from './evaluate.js';
import { type Facts, mergeFacts } from './facts.js';
import { parsePolicy } from './parse.js';
import type { Verdict } from './verdict.js';

const NOW = new Date('2026-11-22T10:30:00Z');

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = (...values: readonly string[]): fc.Arbitrary<string[]> =>
  fc.uniqueArray(pick(...values), { minLength: 1, maxLength: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

const actions = some('db:read', 'db:write', 'db:*', '*', '**', 'mail:send', '**:read', 'a/b:*', 'd*:read');
const ids = some('orders', 'order-1', 'order-*', '**', 'eu/orders', 'eu/**', '*/orders');
const types = some('table', 'file', 'ta*', '**', 'view');
const actors = maybe(
  fc
    .record({
      roles: maybe(some('support', 'admin', 'sup*', '**')),
      types: maybe(some('agent', 'user', 'ag*')),
      ids: maybe(some('bot-1', 'bot-*', 'u-1', '**')),
      unregistered: fc.boolean(),
    })
    .map((selector) => ({ ...selector })),
);
const classes = some('pii', 'financial', 'public');
const whens = pick(
  undefined,
  undefined,
  'context.riskScore < 60',
  'context.environment == "production" || context.riskScore > 90',
  '"admin" in actor.roles',
  'action.properties.limit <= 50',
  'resource.dataClasses.exists(c, c == "pii")',
  'has(actor.onBehalfOf) && actor.onBehalfOf.id == "u-1"',
  'resource.id.matches("^order") && now > timestamp("2026-01-01T00:00:00Z")',
);
const obligations = fc.uniqueArray(
  fc.record({ name: pick('mask', 'log'), parameters: pick({}, { rows: 1 }, { rows: 2 }) }),
  {
    minLength: 1,
    maxLength: 2,
    selector: ({ name }) => name,
  },
);

const ruleWithoutId = fc
  .record({
    effect: pick('permit', 'permit', 'forbid', 'escalate'),
    actors,
    actions: maybe(actions),
    resources: maybe(fc.oneof(fc.record({ ids, types }), fc.record({ ids }), fc.record({ types }))),
    dataClasses: maybe(
      fc.oneof(fc.record({ anyOf: classes }), fc.record({ allOf: classes }), fc.record({ noneOf: classes })),
    ),
    when: whens,
    obligations: maybe(obligations),
  })
  .map((rule) => (rule.effect === 'forbid' ? { ...rule, obligations: undefined } : rule));

const policies = fc
  .array(
    fc.record({
      mode: pick('strict', 'permissive', 'paranoid'),
      risk: pick('standard', 'high'),
      rules: fc.array(ruleWithoutId, { maxLength: 12 }),
    }),
    { maxLength: 3 },
  )
  .map((some) =>
    some.map((policy, i) =>
      document({
        apiVersion: 'lexecon.dev/v1',
        kind: 'Policy',
        name: `p${i}`,
        ...policy,
        rules: policy.rules.map((rule, j) => ({ id: `r${j}`, ...rule })),
      }),
    ),
  );

const facts: fc.Arbitrary<Facts> = fc
  .record({
    actor: fc.record({
      type: pick('agent', 'user'),
      id: pick('bot-1', 'bot-22', 'u-1'),
      onBehalfOf: maybe(fc.constant({ type: 'user', id: 'u-1' })),
    }),
    action: fc.record({
      name: pick('db:read', 'db:write', 'mail:send', 'a/b:read', 'dx:read'),
      properties: pick({}, { limit: 10 }, { limit: 99 }),
    }),
    resource: fc.record({
      type: pick('table', 'file', 'view'),
      id: pick('orders', 'order-1', 'order-22', 'eu/orders', 'eu/a/b'),
    }),
    context: fc.record({
      riskScore: maybe(pick(10, 59.5, 60, 80, 95)),
      environment: maybe(pick('production', 'test')),
      dataClasses: maybe(fc.uniqueArray(pick('pii', 'financial', 'public'), { maxLength: 2 })),
    }),
    roles: maybe(fc.uniqueArray(pick('support', 'admin', 'night'), { maxLength: 2 })),
    disabled: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
    catalogue: maybe(fc.uniqueArray(pick('pii', 'financial'), { maxLength: 2 })),
  })
  .map(({ roles, disabled, catalogue, ...request }) =>
    mergeFacts(request, {
      ...(roles && { actor: { roles, attributes: {}, disabled } }),
      ...(catalogue && { resource: { dataClasses: catalogue } }),
    }),
  );

function document(value: unknown): PolicyDocument {
  const parsed = parsePolicy(JSON.stringify(value));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.document;
}

const versions = (
  documents: readonly PolicyDocument[],
): { document: PolicyDocument; version: number; hash: string }[] =>
  documents.map((one) => ({ document: one, version: 1, hash: hashOf(one) }));

const plain = ({ outcome, rules, obligations: asked, risk, trace }: Verdict): unknown => ({
  outcome,
  rules: rules.map(({ policy, rule }) => `${policy}/${rule}`),
  obligations: asked,
  risk,
  trace: trace.map(({ policy, rule, match }) => `${policy}/${rule} ${match}`),
});

describe('evaluate', () => {
  it('agrees with a plain linear evaluation on random policies and requests', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(policies, fc.array(facts, { minLength: 4, maxLength: 4 }), (documents, requests) => {
        const set = compile(versions(documents));
        for (const request of requests) {
          const verdict = evaluate(set, request, NOW);
          outcomes.set(verdict.outcome, (outcomes.get(verdict.outcome) ?? 0) + 1);
          expect(plain(verdict)).toEqual(evaluateLinear(documents, request, NOW));
          const named = verdict.rules.slice(0, 2);
          expect(plain(evaluate(set, request, NOW, { satisfied: named }))).toEqual(
            evaluateLinear(
              documents,
              request,
              NOW,
              named.map(({ policy, rule }) => `${policy}/${rule}`),
            ),
          );
        }
      }),
      { numRuns: 700 },
    );
    expect(Math.min(...['permit', 'deny', 'escalate'].map((outcome) => outcomes.get(outcome) ?? 0))).toBeGreaterThan(
      100,
    );
  });

  it('gives the same verdict again, whatever else the set was asked meanwhile', () => {
    fc.assert(
      fc.property(policies, facts, facts, (documents, first, second) => {
        const set = compile(versions(documents));
        const before = JSON.stringify(evaluate(set, first, NOW));
        evaluate(set, second, NOW);
        expect(JSON.stringify(evaluate(set, first, NOW))).toBe(before);
        expect(JSON.stringify(evaluate(compile(versions(documents.toReversed())), first, NOW))).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  it('finds rules whose selectors are too many for the index', () => {
    const names = Array.from({ length: 900 }, (_, i) => `n${i}`);
    const set = compile(
      versions([
        document({
          apiVersion: 'lexecon.dev/v1',
          kind: 'Policy',
          name: 'p',
          rules: [{ id: 'many', effect: 'permit', actions: names, resources: { ids: names }, actors: { ids: names } }],
        }),
      ]),
    );
    const ask = (actor: string, action: string, resource: string): string =>
      evaluate(
        set,
        mergeFacts(
          { actor: { type: 'agent', id: actor }, action: { name: action }, resource: { type: 't', id: resource } },
          { actor: { roles: [], attributes: {} } },
        ),
        NOW,
      ).outcome;
    expect([ask('n1', 'n2', 'n899'), ask('n1', 'n2', 'x'), ask('n1', 'x', 'n3'), ask('x', 'n2', 'n3')]).toEqual([
      'permit',
      'deny',
      'deny',
      'deny',
    ]);
  });
});

describe('compile', () => {
  const two = versions(
    ['a', 'b'].map((name) =>
      document({
        apiVersion: 'lexecon.dev/v1',
        kind: 'Policy',
        name,
        rules: Array.from({ length: 50 }, (_, i) => ({
          id: `r${i}`,
          effect: 'permit',
          when: 'context.riskScore < 60',
        })),
      }),
    ),
  );

  it('names a set by its versions, in whatever order they come', () => {
    const names = (set: PolicySet): string[] => set.policies.map(({ document: { name } }) => name);
    expect(compile(two).hash).toBe(compile(two.toReversed()).hash);
    expect(names(compile(two.toReversed()))).toEqual(['a', 'b']);
    expect(compile(two.slice(1)).hash).not.toBe(compile(two).hash);
    expect(compile([]).hash).toMatch(/^sha256:/);
  });

  it('refuses two versions of one policy', () => {
    expect(() => compile([...two, ...two])).toThrow(/cannot be active together/);
  });

  it('gives way between portions and takes over what is already compiled', async () => {
    let turns = 0;
    const give = (): Promise<void> => {
      turns++;
      return Promise.resolve();
    };
    const first = await compileAsync(two, { yield: give });
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(first.hash).toBe(compile(two).hash);
    turns = 0;
    const again = await compileAsync(two, { yield: give, reuse: first });
    expect(turns).toBeLessThan(3);
    expect(again.policies[0]).toBe(first.policies[0]);
  });
});
