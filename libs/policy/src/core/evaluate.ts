import { type Judged, combine, type RuleName } from './combine.js';
import type { CompiledRule, PolicySet } from './compile.js';
import { frameFor, holds } from './condition.js';
import type { Facts } from './facts.js';
import type { About, Answer } from './selector.js';
import { type Frame, Unknown } from './value.js';
import type { TraceEntry, Verdict } from './verdict.js';

export interface EvaluateOptions {
  /** Rules that an approved review names: where they match they count as satisfied and as permits. */
  readonly satisfied?: readonly RuleName[];
}

/**
 * What the policies say. Pure: the same set, facts and time give the same verdict. Cost follows the rules that can match.
 *
 * Fails closed: where a selector or condition needs a fact that is absent or cannot be evaluated, a permit does not
 * match, a forbid and an escalation do. Without an active policy, and for a disabled actor, the outcome is deny.
 */
export function evaluate(set: PolicySet, facts: Facts, now: Date, options: EvaluateOptions = {}): Verdict {
  return combine(set, facts.actor.disabled ? NOTHING : judge(set, facts, now), facts, options.satisfied ?? []);
}

const NOTHING: Judged = { trace: [], forbids: [], escalates: [], permits: [] };

/** Which of the rules match. */
export function judge(set: PolicySet, facts: Facts, now: Date): Judged {
  const trace: TraceEntry[] = [];
  const matches = { forbid: [] as CompiledRule[], escalate: [] as CompiledRule[], permit: [] as CompiledRule[] };
  const frame = frameFor(facts, now);
  for (const position of set.index.find(facts)) {
    const rule = set.rules[position];
    const selected = rule ? selects(rule.about, facts) : false;
    if (!rule || selected === false) continue;
    const answer = both(selected, applies(rule, frame));
    trace.push(entryOf(rule, answer));
    const { effect } = rule;
    if (answer === true || (answer !== false && effect !== 'permit')) matches[effect].push(rule);
  }
  return { trace, forbids: matches.forbid, escalates: matches.escalate, permits: matches.permit };
}

/** Whether actor, action and resource are what the rule is about. */
function selects({ action, resource, actor }: About, facts: Facts): Answer {
  if (action(facts) === false || resource(facts) === false) return false;
  return actor(facts);
}

function applies({ dataClasses, condition }: CompiledRule, frame: Frame): Answer {
  const classes = dataClasses ? dataClasses(frame.facts) : true;
  if (classes === false || !condition) return classes;
  return both(classes, holds(condition, frame));
}

function both(a: Answer, b: Answer): Answer {
  if (a === false || b === false) return false;
  return a === true ? b : a;
}

function entryOf(rule: CompiledRule, answer: Answer): TraceEntry {
  if (answer instanceof Unknown) return { ...rule.ref, match: 'unknown', because: answer.because };
  return answer ? rule.matched : rule.unmatched;
}
