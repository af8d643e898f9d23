import { canonicalJson, type Json, sha256 } from '@lexecon/crypto';
import { compileCondition, type Condition } from './condition.js';
import {
  DEFAULT_TOKEN,
  type Effect,
  type Mode,
  type Obligation,
  type PolicyDocument,
  type Risk,
  type Rule,
  type TokenTerms,
} from './document.js';
import { type RuleIndex, ruleIndex } from './rule-index.js';
import { type About, aboutOf, dataClassSelector, type Selector } from './selector.js';

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
  /** What the rule is about: its actor, action and resource. */
  readonly about: About;
  readonly dataClasses: Selector | null;
  readonly condition: Condition | null;
  readonly effect: Effect;
  /** Entries of the trace, made once. */
  readonly matched: RuleRef & { readonly match: 'yes' };
  readonly unmatched: RuleRef & { readonly match: 'no' };
  readonly ref: RuleRef;
  readonly risk: Risk;
  readonly obligations: readonly Obligation[];
  readonly token: TokenTerms;
  readonly rule: Rule;
}

/** Name of the set that versions with these hashes make. */
export function setHashOf(hashes: readonly string[]): string {
  return `sha256:${sha256(canonicalJson(hashes.toSorted())).toString('hex')}`;
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
  const shared = new Shared();
  for (const version of versions) {
    const same = known.get(version.hash);
    policies.push(same?.version === version.version ? same : yield* compilingPolicy(version, shared));
  }
  const rules = policies.flatMap((policy) => policy.rules);
  const index = ruleIndex();
  for (const [position, { rule }] of rules.entries()) {
    index.add(rule, position);
    if (position % ENTRIES_A_PORTION === ENTRIES_A_PORTION - 1) yield;
  }
  return {
    hash: setHashOf(policies.map(({ hash }) => hash)),
    mode: MODES[Math.max(0, ...policies.map(({ document }) => MODES.indexOf(document.mode)))] ?? 'paranoid',
    risk: policies.some(({ document }) => document.risk === 'high') ? 'high' : 'standard',
    policies,
    rules,
    index,
  };
}

function* compilingPolicy(version: PolicyVersion, shared: Shared): Generator<undefined, CompiledPolicy> {
  const rules: CompiledRule[] = [];
  for (const rule of version.document.rules.toSorted((a, b) => order(a.id, b.id))) {
    rules.push(compileRule(version, rule, shared));
    if (rules.length % CONDITIONS_A_PORTION === 0) yield;
  }
  return { ...version, rules };
}

/** Things made once for equal descriptions: what many rules share stays in the processor's cache. */
class Once<T> {
  private readonly made = new Map<string, T>();

  of(description: Json, make: () => T): T {
    const key = canonicalJson(description);
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const fresh = make();
    this.made.set(key, fresh);
    return fresh;
  }
}

const NONE: readonly Obligation[] = [];

class Shared {
  readonly about = new Once<About>();
  readonly dataClasses = new Once<Selector>();
  readonly tokens = new Once<TokenTerms>();
  readonly conditions = new Map<string, Condition>();
}

function compileRule({ document, version }: PolicyVersion, rule: Rule, shared: Shared): CompiledRule {
  const ref: RuleRef = { policy: document.name, version, rule: rule.id, effect: rule.effect };
  const { actors, actions, resources, dataClasses, when } = rule;
  return {
    about: shared.about.of([rule.effect === 'permit', actors ?? 0, actions ?? 0, resources ?? 0], () => aboutOf(rule)),
    dataClasses: dataClasses ? shared.dataClasses.of(dataClasses, () => dataClassSelector(dataClasses)) : null,
    condition: when === undefined ? null : compileCondition(when, shared.conditions),
    effect: rule.effect,
    matched: { ...ref, match: 'yes' },
    unmatched: { ...ref, match: 'no' },
    ref,
    risk: document.risk,
    obligations: rule.obligations ?? NONE,
    token: rule.token ? shared.tokens.of(rule.token, () => rule.token ?? DEFAULT_TOKEN) : DEFAULT_TOKEN,
    rule,
  };
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
