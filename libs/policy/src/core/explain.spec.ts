import { compile, type PolicySet } from './compile.js';
import { hashOf } from './document.js';
import { explain } from './explain.js';
import { type Facts, type KnownFacts, mergeFacts, type RequestedFacts } from './facts.js';
import { parsePolicy } from './parse.js';

const NOW = new Date('2026-11-22T10:30:00Z');

function setOf(rules: string, mode = 'strict'): PolicySet {
  const parsed = parsePolicy(`apiVersion: lexecon.dev/v1\nkind: Policy\nname: p\nmode: ${mode}\nrules:\n${rules}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return compile([{ document: parsed.document, version: 3, hash: hashOf(parsed.document) }]);
}

const request: RequestedFacts = {
  actor: { type: 'agent', id: 'support-bot' },
  action: { name: 'database:read' },
  resource: { type: 'table', id: 'orders' },
};
const factsOf = (
  context: RequestedFacts['context'] = {},
  known: KnownFacts = { actor: { roles: ['support'], attributes: {} } },
): Facts => mergeFacts({ ...request, context }, known);

const PERMIT = '  - { id: allow, effect: permit, actions: ["database:*"], when: context.riskScore < 60 }\n';

describe('explain', () => {
  it('says which rule permitted, and that without it the mode denies', () => {
    const { summary, because, changes } = explain(setOf(PERMIT), factsOf({ riskScore: 5 }), NOW);
    expect(summary).toBe('Permitted: Permitted by the rule allow of the policy p.');
    expect(because).toEqual(['the rule allow of the policy p (version 3) permits it.']);
    expect(changes).toEqual(['It would have been denied without the rule allow of the policy p.']);
  });

  it('says what the outcome would be without the forbid', () => {
    const set = setOf(`${PERMIT}  - { id: stop, effect: forbid, reason: Audit today }\n`);
    expect(explain(set, factsOf({ riskScore: 5 }), NOW)).toEqual({
      outcome: 'deny',
      summary: 'Denied: Audit today.',
      because: ['the rule stop of the policy p (version 3) forbids it.'],
      changes: ['It would have been permitted if the rule stop of the policy p did not forbid it.'],
    });
  });

  it('names the permit that came closest and everything it lacked', () => {
    const rules = `${PERMIT}  - { id: far, effect: permit, actors: { ids: [other], roles: [admin] }, actions: ["mail:*"] }\n`;
    expect(explain(setOf(rules), factsOf({ riskScore: 70 }), NOW).changes).toEqual([
      'the rule allow of the policy p would have permitted it, but its condition does not hold: context.riskScore < 60.',
    ]);
    expect(explain(setOf(PERMIT), factsOf(), NOW).changes[0]).toMatch(
      /cannot be evaluated: context.riskScore is absent/,
    );
    const lacking = explain(setOf(rules.replace(PERMIT, '')), factsOf(), NOW).changes[0];
    expect(lacking).toMatch(
      /the actor is support-bot, not other, the actor does not have the role admin and the action is database:read, not mail:\*/,
    );
  });

  it('says that a rule counts as a match because a fact is absent', () => {
    const set = setOf('  - { id: stop, effect: forbid, when: context.riskScore > 60 }\n');
    expect(explain(set, factsOf(), NOW).because[0]).toMatch(/counts as a match because context.riskScore is absent/);
  });

  it('says whose approval an escalation needs, and what it would be without', () => {
    const set = setOf(`${PERMIT}  - { id: ask, effect: escalate, review: { role: dpo, quorum: 2 } }\n`);
    expect(explain(set, factsOf({ riskScore: 5 }), NOW).changes).toEqual([
      'It is permitted once 2 people with the role dpo approve it.',
      'It would have been permitted if the rule ask of the policy p did not escalate it.',
    ]);
    expect(explain(set, factsOf({ riskScore: 5 }), NOW, { satisfied: [{ policy: 'p', rule: 'ask' }] }).outcome).toBe(
      'permit',
    );
  });

  it('tells of paranoid mode, of disabled actors, of unregistered ones and of no policy', () => {
    expect(explain(setOf(PERMIT, 'paranoid'), factsOf(), NOW).outcome).toBe('deny');
    const risky = explain(setOf('  - { id: a, effect: permit }\n', 'paranoid'), factsOf({ riskScore: 90 }), NOW);
    expect(risky.changes).toContain('It would have been permitted at a stated risk score below 80.');
    expect(
      explain(setOf(PERMIT), factsOf({}, { actor: { roles: [], attributes: {}, disabled: true } }), NOW).changes[0],
    ).toMatch(/not disabled/);
    expect(explain(setOf(PERMIT), factsOf({ riskScore: 5 }, {}), NOW).changes[0]).toMatch(
      /the actor is not registered/,
    );
    expect(explain(compile([]), factsOf(), NOW).because[0]).toMatch(/No policy is active/);
    expect(explain(setOf('  []\n', 'permissive'), factsOf(), NOW).changes).toEqual([
      'It would have been denied in the mode strict or paranoid.',
    ]);
  });
});
