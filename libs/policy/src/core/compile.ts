import { canonicalJson, sha256 } from '@lexecon/crypto';
import { compileCondition, type Condition } from './condition.js';
import type { Effect, Mode, PolicyDocument, Risk, Rule } from './document.js';
import { type RuleIndex, ruleIndex } from './rule-index.js';
import { type Selectors, selectorsOf } from './selector.js';

export interface PolicyVersion {
  readonly document: PolicyDocument;
  readonly version: number;
  /** `hashOf(document)`. */
  readonly hash: string;
}

/** The policy versions active together, compiled. */
export interface PolicySet {
  /** `sha256:<hex>` over the sorted hashes of its versions; names the set in every record. */
  readonly hash: string;
  /** The strictest mode among the policies. */
  readonly mode: Mode;
  /** `high` when a policy is. */
  readonly risk: Risk;
  /** By name. */
  readonly policies: readonly CompiledPolicy[];
  /** By policy name, then rule id. */
  readonly rules: readonly CompiledRule[];
  readonly index: RuleIndex;
}

export interface CompiledPolicy extends PolicyVersion {
  readonly rules: readonly CompiledRule[];
}

export interface RuleRef {
  readonly policy: string;
  readonly version: number;
  readonly rule: string;
  readonly effect: Effect;
}

export interface CompiledRule {
  readonly ref: RuleRef;
  readonly rule: Rule;
  readonly risk: Risk;
  readonly selectors: Selectors;
  readonly condition: Condition | null;
  /** Entries of the trace, made once. */
  readonly matched: RuleRef & { readonly match: 'yes' };
  readonly unmatched: RuleRef & { readonly match: 'no' };
}

/** Compiles a set at once. Throws when two documents have one name, and ConditionError for a document that
 *  `parsePolicy` would have refused. */
export function compile(documents: readonly PolicyVersion[]): PolicySet {
  const steps = compiling(documents, new Map());
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

export interface CompileOptions {
  /** Awaited between small portions of work, so that decisions go on meanwhile. */
  readonly yield: () => Promise<void>;
  /** A set whose policies are taken over where their hash and version are the same. */
  readonly reuse?: PolicySet | undefined;
}

/** As `compile`, in portions of about a millisecond. */
export async function compileAsync(documents: readonly PolicyVersion[], options: CompileOptions): Promise<PolicySet> {
  const known = new Map(options.reuse?.policies.map((policy) => [policy.hash, policy]));
  const steps = compiling(documents, known);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await options.yield();
  }
}

const MODES: readonly Mode[] = ['permissive', 'strict', 'paranoid'];
const CONDITIONS_A_PORTION = 10;
const ENTRIES_A_PORTION = 250;

function* compiling(
  documents: readonly PolicyVersion[],
  known: ReadonlyMap<string, CompiledPolicy>,
): Generator<undefined, PolicySet> {
  const versions = documents.toSorted((a, b) => order(a.document.name, b.document.name));
  versions.forEach((version, i) => {
    if (version.document.name === versions[i - 1]?.document.name) {
      throw new Error(`two versions of the policy ${version.document.name} cannot be active together`);
    }
  });
  const policies: CompiledPolicy[] = [];
  for (const version of versions) {
    const same = known.get(version.hash);
    policies.push(same?.version === version.version ? same : yield* compilingPolicy(version));
  }
  const rules = policies.flatMap((policy) => policy.rules);
  const index = ruleIndex();
  for (const [position, { rule }] of rules.entries()) {
    index.add(rule, position);
    if (position % ENTRIES_A_PORTION === ENTRIES_A_PORTION - 1) yield;
  }
  return {
    hash: `sha256:${sha256(canonicalJson(policies.map(({ hash }) => hash).toSorted())).toString('hex')}`,
    mode: MODES[Math.max(0, ...policies.map(({ document }) => MODES.indexOf(document.mode)))] ?? 'paranoid',
    risk: policies.some(({ document }) => document.risk === 'high') ? 'high' : 'standard',
    policies,
    rules,
    index,
  };
}

function* compilingPolicy(version: PolicyVersion): Generator<undefined, CompiledPolicy> {
  const rules: CompiledRule[] = [];
  for (const rule of version.document.rules.toSorted((a, b) => order(a.id, b.id))) {
    rules.push(compileRule(version, rule));
    if (rules.length % CONDITIONS_A_PORTION === 0) yield;
  }
  return { ...version, rules };
}

function compileRule({ document, version }: PolicyVersion, rule: Rule): CompiledRule {
  const ref: RuleRef = { policy: document.name, version, rule: rule.id, effect: rule.effect };
  return {
    ref,
    rule,
    risk: document.risk,
    selectors: selectorsOf(rule),
    condition: rule.when === undefined ? null : compileCondition(rule.when),
    matched: { ...ref, match: 'yes' },
    unmatched: { ...ref, match: 'no' },
  };
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
