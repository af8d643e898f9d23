import type { CompiledRule } from './compile.js';
import { frameFor, holds } from './condition.js';
import type { Facts } from './facts.js';
import { anyGlob } from './glob.js';
import { Unknown } from './value.js';

/** What of a permit does not match, as clauses of a sentence; empty when it matches. */
export function failuresOf({ rule, dataClasses, condition }: CompiledRule, facts: Facts, now: Date): readonly string[] {
  const { actor, action, resource } = facts;
  const failures = [...actorFailures(rule.actors, actor)];
  const miss = (patterns: readonly string[] | undefined, value: string, what: string): void => {
    if (patterns && !anyGlob(patterns)(value)) failures.push(`${what} is ${value}, not ${patterns.join(' or ')}`);
  };
  miss(rule.actions, action.name, 'the action');
  miss(rule.resources?.types, resource.type, 'the type of the resource');
  miss(rule.resources?.ids, resource.id, 'the id of the resource');
  const classes = dataClasses?.(facts) ?? true;
  if (classes instanceof Unknown) failures.push(classes.because);
  else if (!classes) failures.push(`the data classes are ${facts.resource.dataClasses?.join(', ') || 'none'}`);
  const held = condition ? holds(condition, frameFor(facts, now)) : true;
  if (held instanceof Unknown) failures.push(`its condition cannot be evaluated: ${held.because}`);
  else if (!held) failures.push(`its condition does not hold: ${rule.when}`);
  return failures;
}

function actorFailures(selector: CompiledRule['rule']['actors'], actor: Facts['actor']): readonly string[] {
  const failures: string[] = [];
  if (!actor.registered && !selector?.unregistered) failures.push('the actor is not registered');
  if (selector?.types && !anyGlob(selector.types)(actor.type)) {
    failures.push(`the type of the actor is ${actor.type}, not ${selector.types.join(' or ')}`);
  }
  if (selector?.ids && !anyGlob(selector.ids)(actor.id)) {
    failures.push(`the actor is ${actor.id}, not ${selector.ids.join(' or ')}`);
  }
  const roles = actor.registered ? actor.roles : [];
  if (selector?.roles && !roles.some(anyGlob(selector.roles))) {
    failures.push(`the actor does not have the role ${selector.roles.join(' or ')}`);
  }
  return failures;
}
