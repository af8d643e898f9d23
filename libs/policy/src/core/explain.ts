import { combine, type Judged } from './combine.js';
import type { CompiledRule, PolicySet } from './compile.js';
import { type EvaluateOptions, judge } from './evaluate.js';
import type { Facts } from './facts.js';
import { failuresOf } from './failure.js';
import type { Outcome, Verdict } from './verdict.js';

export interface Explanation {
  readonly outcome: Outcome;
  /** One sentence. */
  readonly summary: string;
  /** Sentences: which rules decided, and why they matched. */
  readonly because: readonly string[];
  /** Sentences: what would have changed the outcome. */
  readonly changes: readonly string[];
}

const CLOSEST = 3;

/** Says in plain words what decided and what would have changed the outcome. Looks at every rule: not for the hot path. */
export function explain(set: PolicySet, facts: Facts, now: Date, options: EvaluateOptions = {}): Explanation {
  const judged = judge(set, facts, now);
  const decide = (some: Judged): Verdict => combine(set, some, facts, options.satisfied ?? []);
  const verdict = decide(judged);
  return {
    outcome: verdict.outcome,
    summary: `${OUTCOMES[verdict.outcome]}: ${verdict.reason}.`,
    because: becauseOf(set, verdict),
    changes: changesOf(set, facts, now, judged, verdict, decide),
  };
}

const OUTCOMES = { permit: 'Permitted', deny: 'Denied', escalate: 'Sent to a person' } as const;
const VERBS = { permit: 'permits', forbid: 'forbids', escalate: 'escalates' } as const;

function becauseOf(set: PolicySet, { rules, trace, mode, outcome }: Verdict): readonly string[] {
  if (rules.length === 0) {
    if (set.policies.length === 0) return ['No policy is active, and without one everything is denied.'];
    if (outcome === 'deny' && trace.length === 0)
      return [`No rule is about this actor, action and resource; the mode is ${mode}.`];
    return [`None of the rules about this actor, action and resource matched; the mode is ${mode}.`];
  }
  return rules.map((ref) => {
    const because = trace.find((entry) => entry.policy === ref.policy && entry.rule === ref.rule)?.because;
    const doubt = because ? `; it counts as a match because ${because}` : '';
    return `${nameOf(ref)} (version ${ref.version}) ${VERBS[ref.effect]} it${doubt}.`;
  });
}

function changesOf(
  set: PolicySet,
  facts: Facts,
  now: Date,
  judged: Judged,
  verdict: Verdict,
  decide: (some: Judged) => Verdict,
): readonly string[] {
  if (facts.actor.disabled) return ['It would have been looked at if the actor were not disabled.'];
  if (set.policies.length === 0) return ['A policy would have to be activated.'];
  if (judged.forbids.length > 0) {
    const { outcome } = decide({ ...judged, forbids: [] });
    const rest = outcome === 'deny' ? nearest(set, facts, now) : [];
    return [`It would have been ${RESULTS[outcome]} if ${names(judged.forbids)} did not forbid it.`, ...rest];
  }
  if (verdict.outcome === 'escalate') return escalationChanges(set, judged, verdict, decide);
  if (verdict.outcome === 'deny') return nearest(set, facts, now);
  if (verdict.rules.length === 0) return ['It would have been denied in the mode strict or paranoid.'];
  return [
    `It would have been ${set.mode === 'permissive' ? 'permitted all the same, by the mode,' : 'denied'} without ${list(verdict.rules.map(nameOf))}.`,
  ];
}

const RESULTS = { permit: 'permitted', deny: 'denied all the same', escalate: 'sent to a person' } as const;

function escalationChanges(
  set: PolicySet,
  judged: Judged,
  verdict: Verdict,
  decide: (some: Judged) => Verdict,
): readonly string[] {
  const { roles, quorum } = verdict.review ?? { roles: [], quorum: 1 };
  const people = quorum === 1 ? 'one person' : `${quorum} people`;
  const approval = `It is permitted once ${people} with the role ${list(roles)} approve${quorum === 1 ? 's' : ''} it.`;
  if (judged.escalates.length === 0) {
    return set.mode === 'paranoid'
      ? [approval, 'It would have been permitted at a stated risk score below 80.']
      : [approval];
  }
  const { outcome } = decide({ ...judged, escalates: [] });
  return [approval, `It would have been ${OTHERWISE[outcome]} if ${names(judged.escalates)} did not escalate it.`];
}

const OTHERWISE = { permit: 'permitted', deny: 'denied', escalate: 'sent to a person all the same' } as const;

/** The permits that came closest, and what they lacked. */
function nearest(set: PolicySet, facts: Facts, now: Date): readonly string[] {
  const lacking = set.rules
    .filter(({ ref }) => ref.effect === 'permit')
    .map((rule) => ({ rule, failures: failuresOf(rule, facts, now) }))
    .filter(({ failures }) => failures.length > 0)
    .sort((a, b) => a.failures.length - b.failures.length);
  const fewest = lacking[0]?.failures.length;
  return lacking
    .filter(({ failures }) => failures.length === fewest)
    .slice(0, CLOSEST)
    .map(({ rule, failures }) => `${nameOf(rule.ref)} would have permitted it, but ${list(failures)}.`);
}

const nameOf = ({ policy, rule }: { readonly policy: string; readonly rule: string }): string =>
  `the rule ${rule} of the policy ${policy}`;

const names = (rules: readonly CompiledRule[]): string => list(rules.map(({ ref }) => nameOf(ref)));

const list = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
