import { canonicalJson } from '@lexecon/crypto';
import type { CompiledRule, PolicySet, RuleRef } from './compile.js';
import { DEFAULT_REVIEW, DEFAULT_TOKEN, type Obligation, type ReviewTerms } from './document.js';
import type { Facts } from './facts.js';
import type { ReviewAsked, TraceEntry, Verdict } from './verdict.js';

/** The rules that match, by effect, and how the candidates fared; each by policy name, then rule id. */
export interface Judged {
  readonly trace: readonly TraceEntry[];
  readonly forbids: readonly CompiledRule[];
  readonly escalates: readonly CompiledRule[];
  readonly permits: readonly CompiledRule[];
}

export interface RuleName {
  readonly policy: string;
  readonly rule: string;
}

/** Risk score from which a permit in paranoid mode needs a person. */
const RISKY = 80;

/** One outcome out of the rules that match: forbid beats escalate beats permit beats the mode. */
export function combine(set: PolicySet, judged: Judged, facts: Facts, satisfied: readonly RuleName[]): Verdict {
  const { forbids, escalates, permits, trace } = judged;
  const base = { risk: riskOf(set, judged), mode: set.mode, trace };
  if (facts.actor.disabled) return { ...base, ...denied('The actor is disabled') };
  if (set.policies.length === 0) return { ...base, ...denied('No policy is active') };
  if (forbids.length > 0) return { ...base, ...denied(reasonOf('Forbidden', forbids), forbids) };

  const pending = escalates.filter((rule) => !isNamed(rule, satisfied));
  const granted = pending.length < escalates.length ? inOrder([...permits, ...without(escalates, pending)]) : permits;
  const obligations = union(granted);
  const doubt = doubtOf(set, facts, granted, obligations);
  const doubted = doubt ? doubt.rules.filter((rule) => !isNamed(rule, satisfied)) : [];
  if (pending.length > 0 || (doubt && doubted.length > 0)) {
    const rules = inOrder([...pending, ...(doubt?.rules ?? [])]);
    const terms = pending.map(({ rule }) => rule.review ?? DEFAULT_REVIEW);
    return {
      ...base,
      outcome: 'escalate',
      reason: pending.length > 0 || !doubt ? reasonOf('Escalated', pending) : doubt.reason,
      rules: rules.map(({ ref }) => ref),
      obligations,
      review: merged(doubted.length > 0 ? [...terms, DEFAULT_REVIEW] : terms),
    };
  }
  if (granted.length > 0) return { ...base, ...permitted(reasonOf('Permitted', granted), granted, obligations) };
  return set.mode === 'permissive'
    ? { ...base, ...permitted('No rule forbids this, and the mode is permissive', [], []) }
    : { ...base, ...denied('No rule permits this') };
}

type Part = Omit<Verdict, 'risk' | 'mode' | 'trace'>;

function denied(reason: string, rules: readonly CompiledRule[] = []): Part {
  return { outcome: 'deny', reason, rules: refs(rules), obligations: [] };
}

function permitted(reason: string, rules: readonly CompiledRule[], obligations: readonly Obligation[]): Part {
  const terms = rules.length > 0 ? rules.map(({ token }) => token) : [DEFAULT_TOKEN];
  return {
    outcome: 'permit',
    reason,
    rules: refs(rules),
    obligations,
    token: {
      redeemRequired: terms.some(({ redeem }) => redeem === 'required'),
      seconds: Math.min(...terms.map(({ lifetime }) => lifetime)),
    },
  };
}

/** Why a permit still needs a person: its obligations contradict each other, or the mode is paranoid and the risk high. */
function doubtOf(
  set: PolicySet,
  facts: Facts,
  granted: readonly CompiledRule[],
  obligations: readonly Obligation[],
): { readonly reason: string; readonly rules: readonly CompiledRule[] } | null {
  const { riskScore } = facts.context;
  const paranoid = granted.length > 0 && set.mode === 'paranoid' && (riskScore === undefined || riskScore >= RISKY);
  const twice = obligations.find(({ name }, i) => obligations.findIndex((other) => other.name === name) < i);
  if (twice) {
    const names = new Set(
      obligations.filter((o, i) => obligations.some((p, j) => p.name === o.name && i !== j)).map((o) => o.name),
    );
    const contradicting = granted.filter((rule) => rule.obligations.some(({ name }) => names.has(name)));
    const reason = `The obligation ${twice.name} is asked for with different parameters`;
    return { reason, rules: paranoid ? granted : contradicting };
  }
  if (!paranoid) return null;
  const score =
    riskScore === undefined ? 'The risk score is absent' : `The risk score ${riskScore} is at least ${RISKY}`;
  return { reason: `${score}, and the mode is paranoid`, rules: granted };
}

/** Every obligation once: the same name with other parameters is another one. */
function union(rules: readonly CompiledRule[]): readonly Obligation[] {
  const all = rules.flatMap((rule) => rule.obligations);
  if (all.length < 2) return all;
  return [...new Map(all.map((obligation) => [canonicalJson(obligation), obligation])).values()];
}

/** One review for several: the highest quorum, every role, the shortest time, and deny when it passes. */
function merged(terms: readonly ReviewTerms[]): ReviewAsked {
  return {
    roles: [...new Set(terms.map(({ role }) => role))].toSorted(),
    quorum: Math.max(...terms.map(({ quorum }) => quorum)),
    withinSeconds: Math.min(...terms.map(({ within }) => within)),
    onExpiry: terms.length === 1 ? (terms[0]?.onExpiry ?? 'deny') : 'deny',
  };
}

function riskOf(set: PolicySet, { forbids, escalates, permits }: Judged): Verdict['risk'] {
  if (forbids.length + escalates.length + permits.length === 0) return set.risk;
  const high = ({ risk }: CompiledRule): boolean => risk === 'high';
  return forbids.some(high) || escalates.some(high) || permits.some(high) ? 'high' : 'standard';
}

function reasonOf(verb: string, [first]: readonly CompiledRule[]): string {
  if (!first) return verb;
  return first.rule.reason ?? `${verb} by the rule ${first.ref.rule} of the policy ${first.ref.policy}`;
}

const refs = (rules: readonly CompiledRule[]): readonly RuleRef[] => rules.map(({ ref }) => ref);

const isNamed = ({ ref }: CompiledRule, names: readonly RuleName[]): boolean =>
  names.some(({ policy, rule }) => policy === ref.policy && rule === ref.rule);

const without = (all: readonly CompiledRule[], some: readonly CompiledRule[]): readonly CompiledRule[] =>
  all.filter((rule) => !some.includes(rule));

/** By policy name, then rule id, each once. */
function inOrder(rules: readonly CompiledRule[]): readonly CompiledRule[] {
  const key = ({ ref }: CompiledRule): string => `${ref.policy}\n${ref.rule}`;
  return [...new Set(rules)].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
