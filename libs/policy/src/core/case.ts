import { canonicalJson, type Json } from '@lexecon/crypto';
import type { RuleName } from './combine.js';
import type { PolicySet } from './compile.js';
import { CASES_SHAPE } from './case.shape.js';
import { read, type Report } from './shape.js';
import { evaluate } from './evaluate.js';
import { type KnownFacts, mergeFacts, type RequestedFacts } from './facts.js';
import type { Outcome, Verdict } from './verdict.js';

/** One example of what a policy set must say. */
export interface PolicyCase {
  readonly name: string;
  readonly request: RequestedFacts;
  /** What the server knows of actor and resource; absent: an unregistered actor, a resource not in the catalogue. */
  readonly known?: KnownFacts | undefined;
  readonly satisfied?: readonly RuleName[] | undefined;
  /** RFC 3339; absent: 2026-01-01T00:00:00Z. */
  readonly now?: string | undefined;
  readonly expect: Expectation;
}

/** Members that are absent are not looked at. */
export interface Expectation {
  readonly outcome: Outcome;
  readonly reason?: string | undefined;
  /** Rules that decided, as `policy/rule`, in order. */
  readonly rules?: readonly string[] | undefined;
  readonly obligations?: Json | undefined;
  readonly review?: Json | undefined;
  readonly risk?: string | undefined;
  readonly token?: Json | undefined;
  /** Rules of the trace that are unknown, as `policy/rule`. */
  readonly unknown?: readonly string[] | undefined;
}

export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** One sentence for each member that differs. */
  readonly differences: readonly string[];
  readonly verdict: Verdict;
}

/** Reads cases out of a body, defaults filled in; everything that is wrong is reported. */
export function readCases(value: Json, report: Report): readonly PolicyCase[] {
  const faults: string[] = [];
  const cases = read(CASES_SHAPE, value, '', (pointer, detail) => {
    faults.push(pointer);
    report(pointer, detail);
  });
  return faults.length === 0 ? (cases as unknown as readonly PolicyCase[]) : [];
}

/** Evaluates each case and compares. */
export function runCases(set: PolicySet, cases: readonly PolicyCase[]): readonly CaseResult[] {
  return cases.map((example) => {
    const facts = mergeFacts(example.request, example.known ?? {});
    const now = new Date(example.now ?? '2026-01-01T00:00:00Z');
    const verdict = evaluate(set, facts, now, { satisfied: example.satisfied ?? [] });
    const differences = differencesOf(example.expect, verdict);
    return { name: example.name, passed: differences.length === 0, differences, verdict };
  });
}

function differencesOf(expected: Expectation, verdict: Verdict): readonly string[] {
  const { outcome, reason, obligations, risk, review, token, rules, trace } = verdict;
  const actual: Readonly<Record<string, Json>> = {
    outcome,
    reason,
    obligations,
    risk,
    review: review ? { ...review } : null,
    token: token ? { ...token } : null,
    rules: rules.map(nameOf),
    unknown: trace.filter(({ match }) => match === 'unknown').map(nameOf),
  };
  return Object.entries<Json | undefined>({ ...expected }).flatMap(([member, wanted]) => {
    if (wanted === undefined) return [];
    const [want, got] = [canonicalJson(wanted), canonicalJson(actual[member] ?? null)];
    return want === got ? [] : [`${member} should be ${want}, is ${got}`];
  });
}

const nameOf = ({ policy, rule }: RuleName): string => `${policy}/${rule}`;
