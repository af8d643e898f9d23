import type { Json } from '@lexecon/crypto';
import { ConditionError, compileCondition } from './condition.js';
import { DEFAULT_REVIEW, DEFAULT_TOKEN, type PolicyDocument, type Rule } from './document.js';
import { POLICY_SHAPE } from './document.shape.js';
import { globProblem } from './glob.js';
import { isList, isObject, read, type Report } from './shape.js';
import { type Place, readSource } from './source.js';

/** One thing that is wrong with the text of a policy. Lines and columns count from 1. */
export interface PolicyProblem {
  /** JSON pointer to the member, also where it is missing. */
  readonly pointer: string;
  readonly line?: number;
  readonly column?: number;
  readonly detail: string;
}

export type Parsed =
  | { readonly ok: true; readonly document: PolicyDocument }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** Longest text of a policy, in characters. */
const MAX_SOURCE = 262_144;

/** Reads a policy from YAML or JSON text, defaults filled in and durations in seconds, or says everything that is
 *  wrong with it at once, in the order of the text. Never throws. */
export function parsePolicy(text: string): Parsed {
  if (text.length > MAX_SOURCE) return refused([{ pointer: '', detail: `longer than ${MAX_SOURCE} characters` }]);
  const problems: PolicyProblem[] = [];
  const add = (place: Place, pointer: string, detail: string): void => {
    problems.push({ pointer, ...place, detail });
  };
  const source = readSource(text, add);
  if (!source) return refused(problems);

  const report: Report = (pointer, detail) => add(source.placeOf(pointer), pointer, detail);
  const value = read(POLICY_SHAPE, source.value, '', report);
  checkRules(value, new Set(problems.map(({ pointer }) => pointer.split('/')[2])), report);
  checkConditions(value, (pointer, error) => add(source.placeOf(pointer, error.start), pointer, error.message));
  return problems.length > 0 ? refused(problems) : { ok: true, document: complete(value as PolicyDocument) };
}

/** More problems than these are not told. */
const MAX_PROBLEMS = 500;

function refused(problems: readonly PolicyProblem[]): Parsed {
  return {
    ok: false,
    problems: problems
      .slice(0, MAX_PROBLEMS)
      .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
  };
}

function complete(document: PolicyDocument): PolicyDocument {
  return { ...document, rules: document.rules.map(completeRule) };
}

function completeRule(given: Rule): Rule {
  const rule = given.when === undefined ? given : { ...given, when: given.when.trim() };
  if (rule.effect === 'escalate') return { ...rule, review: rule.review ?? DEFAULT_REVIEW };
  if (rule.effect === 'permit') return { ...rule, token: rule.token ?? DEFAULT_TOKEN };
  return rule;
}

/** Rules whose shape is already at fault (`broken`, by position) may lie about it and are left alone. */
function checkRules(value: Json, broken: ReadonlySet<string | undefined>, report: Report): void {
  const ids = new Set<string>();
  rulesOf(value).forEach((given, i) => {
    if (broken.has(`${i}`)) return;
    const rule = given as Rule;
    const pointer = `/rules/${i}`;
    if (ids.has(rule.id)) report(`${pointer}/id`, `the id ${rule.id} is taken by an earlier rule`);
    ids.add(rule.id);
    checkMembers(rule, pointer, report);
    checkGlobs(rule, pointer, report);
  });
}

function checkMembers(rule: Rule, pointer: string, report: Report): void {
  if (rule.review && rule.effect !== 'escalate') report(`${pointer}/review`, 'only an escalate is reviewed');
  if (rule.token && rule.effect !== 'permit') report(`${pointer}/token`, 'only a permit carries a token');
  if (rule.obligations && rule.effect === 'forbid') report(`${pointer}/obligations`, 'a forbid obliges to nothing');
  if (rule.token && rule.token.lifetime > 60 && rule.token.redeem !== 'required') {
    report(`${pointer}/token/lifetime`, 'a token that lives longer than PT60S must have redeem: required');
  }
  const names = new Set<string>();
  rule.obligations?.forEach(({ name }, i) => {
    if (names.has(name)) report(`${pointer}/obligations/${i}/name`, `the rule names the obligation ${name} twice`);
    names.add(name);
  });
}

function checkGlobs(rule: Rule, pointer: string, report: Report): void {
  const lists: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['actions', rule.actions],
    ['actors/roles', rule.actors?.roles],
    ['actors/types', rule.actors?.types],
    ['actors/ids', rule.actors?.ids],
    ['resources/types', rule.resources?.types],
    ['resources/ids', rule.resources?.ids],
  ];
  for (const [member, globs] of lists) {
    globs?.forEach((pattern, i) => {
      const detail = globProblem(pattern);
      if (detail) report(`${pointer}/${member}/${i}`, detail);
    });
  }
}

function checkConditions(value: Json, report: (pointer: string, error: ConditionError) => void): void {
  rulesOf(value).forEach((rule, i) => {
    const when = isObject(rule) ? rule['when'] : undefined;
    if (typeof when !== 'string' || when === '') return;
    try {
      compileCondition(when);
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      report(`/rules/${i}/when`, error);
    }
  });
}

function rulesOf(value: Json): readonly Json[] {
  const rules = isObject(value) ? value['rules'] : undefined;
  return isList(rules) ? rules : [];
}
