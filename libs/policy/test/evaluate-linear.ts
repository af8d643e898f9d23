import { canonicalJson } from '@lexecon/crypto';
import { compileCondition, frameFor, holds } from '../src/core/condition.js';
import type { Facts, PolicyDocument, Rule } from '../src/core/index.js';
import { Unknown } from '../src/core/value.js';

type Match = 'yes' | 'no' | 'unknown';

/** What the domain page says, rule after rule and as plainly as possible: the measure for the indexed evaluation. */
export function evaluateLinear(
  documents: readonly PolicyDocument[],
  facts: Facts,
  now: Date,
  satisfied: readonly string[] = [],
): unknown {
  const all = documents
    .flatMap((document) => document.rules.map((rule) => ({ name: `${document.name}/${rule.id}`, document, rule })))
    .sort((a, b) =>
      a.document.name < b.document.name || (a.document.name === b.document.name && a.rule.id < b.rule.id) ? -1 : 1,
    );
  const seen = all
    .map((entry) => ({ ...entry, about: aboutOf(entry.rule, facts) }))
    .filter(({ about }) => about !== 'no')
    .map((entry) => ({
      ...entry,
      match: least(entry.about, classesOf(entry.rule, facts), whenOf(entry.rule, facts, now)),
    }));
  const trace = seen.map(({ name, match }) => `${name} ${match}`);
  const matching = seen.filter(
    ({ rule, match }) => match === 'yes' || (match === 'unknown' && rule.effect !== 'permit'),
  );
  const mode = (['paranoid', 'strict', 'permissive'] as const).find((one) =>
    documents.some((document) => document.mode === one),
  );
  const about = matching.length > 0 ? matching.map(({ document }) => document) : documents;
  const risk = about.some((document) => document.risk === 'high') ? 'high' : 'standard';
  const answer = (
    outcome: string,
    rules: readonly { name: string }[],
    obligations: readonly unknown[] = [],
  ): unknown => ({
    outcome,
    rules: rules.map(({ name }) => name),
    obligations,
    risk,
    trace,
  });

  if (facts.actor.disabled)
    return {
      ...(answer('deny', []) as object),
      trace: [],
      risk: documents.some((d) => d.risk === 'high') ? 'high' : 'standard',
    };
  if (documents.length === 0) return answer('deny', []);
  const forbids = matching.filter(({ rule }) => rule.effect === 'forbid');
  if (forbids.length > 0) return answer('deny', forbids);
  const pending = matching.filter(({ rule, name }) => rule.effect === 'escalate' && !satisfied.includes(name));
  const granted = matching.filter((entry) => !pending.includes(entry));
  const asked = new Map<string, { readonly name: string; readonly parameters: unknown }>();
  for (const { rule } of granted) for (const one of rule.obligations ?? []) asked.set(canonicalJson(one), one);
  const obligations = [...asked.values()];
  const twice = obligations.map(({ name }) => name).filter((name, i, names) => names.indexOf(name) !== i);
  const { riskScore } = facts.context;
  const paranoid = mode === 'paranoid' && (riskScore === undefined || riskScore >= 80);
  const doubtful = granted.filter(({ rule }) => paranoid || rule.obligations?.some(({ name }) => twice.includes(name)));
  if (pending.length > 0 || doubtful.some(({ name }) => !satisfied.includes(name))) {
    return answer(
      'escalate',
      matching.filter((entry) => pending.includes(entry) || doubtful.includes(entry)),
      obligations,
    );
  }
  if (granted.length > 0) return answer('permit', granted, obligations);
  return answer(mode === 'permissive' ? 'permit' : 'deny', []);
}

function aboutOf({ effect, actors, actions, resources }: Rule, { actor, action, resource }: Facts): Match {
  if (effect === 'permit' && !actor.registered && !actors?.unregistered) return 'no';
  const exact =
    some(actions, action.name) &&
    some(resources?.types, resource.type) &&
    some(resources?.ids, resource.id) &&
    some(actors?.types, actor.type) &&
    some(actors?.ids, actor.id);
  if (!exact) return 'no';
  if (!actors?.roles) return 'yes';
  if (!actor.registered) return 'unknown';
  return actor.roles.some((role) => some(actors.roles, role)) ? 'yes' : 'no';
}

function classesOf({ dataClasses }: Rule, { resource, context }: Facts): Match {
  if (!dataClasses) return 'yes';
  if (!resource.dataClasses && !context.dataClasses) return 'unknown';
  const classes = new Set([...(resource.dataClasses ?? []), ...(context.dataClasses ?? [])]);
  const { anyOf, allOf, noneOf } = dataClasses;
  const holds =
    (!anyOf || anyOf.some((name) => classes.has(name))) &&
    (!allOf || allOf.every((name) => classes.has(name))) &&
    (!noneOf || noneOf.every((name) => !classes.has(name)));
  return holds ? 'yes' : 'no';
}

function whenOf({ when }: Rule, facts: Facts, now: Date): Match {
  const value = when === undefined ? true : holds(compileCondition(when), frameFor(facts, now));
  return value instanceof Unknown ? 'unknown' : value ? 'yes' : 'no';
}

const least = (...matches: readonly Match[]): Match =>
  matches.includes('no') ? 'no' : matches.includes('unknown') ? 'unknown' : 'yes';

const some = (patterns: readonly string[] | undefined, value: string): boolean =>
  !patterns ||
  patterns.some((pattern) => {
    const source = pattern
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\*\*|\*/g, (star) => (star === '**' ? '.*' : '[^:/]+'));
    return new RegExp(`^${source}$`, 's').test(value);
  });
