import type { DataClassSelector, Rule } from './document.js';
import type { Facts } from './facts.js';
import { anyGlob, type Matcher } from './glob.js';
import { Unknown } from './value.js';

/** Whether something matches; Unknown when a fact it needs is absent or cannot be evaluated. */
export type Answer = boolean | Unknown;
export type Selector = (facts: Facts) => Answer;

const NO_ROLES = new Unknown('the actor is not registered, so its roles are absent');
const NO_CLASSES = new Unknown('the data classes are absent');

export interface Selectors {
  readonly actor: Selector;
  readonly action: Selector;
  readonly resource: Selector;
  readonly dataClasses: Selector;
}

export function selectorsOf(rule: Rule): Selectors {
  const action = rule.actions ? anyGlob(rule.actions) : null;
  return {
    actor: actorSelector(rule),
    action: action ? ({ action: { name } }) => action(name) : always,
    resource: resourceSelector(rule),
    dataClasses: rule.dataClasses ? dataClassSelector(rule.dataClasses) : always,
  };
}

const always: Selector = () => true;

function actorSelector({ effect, actors }: Rule): Selector {
  const type = optional(actors?.types);
  const id = optional(actors?.ids);
  const role = actors?.roles ? anyGlob(actors.roles) : null;
  const onlyRegistered = effect === 'permit' && !actors?.unregistered;
  return ({ actor }) => {
    if (!actor.registered && onlyRegistered) return false;
    if (!type(actor.type) || !id(actor.id)) return false;
    if (!role) return true;
    return actor.registered ? actor.roles.some(role) : NO_ROLES;
  };
}

function resourceSelector({ resources }: Rule): Selector {
  if (!resources) return always;
  const type = optional(resources.types);
  const id = optional(resources.ids);
  return ({ resource }) => type(resource.type) && id(resource.id);
}

function dataClassSelector({ anyOf, allOf, noneOf }: DataClassSelector): Selector {
  return (facts) => {
    const classes = classesOf(facts);
    if (!classes) return NO_CLASSES;
    if (anyOf && !anyOf.some((name) => classes.includes(name))) return false;
    if (allOf && !allOf.every((name) => classes.includes(name))) return false;
    return !noneOf?.some((name) => classes.includes(name));
  };
}

function classesOf({ resource, context }: Facts): readonly string[] | undefined {
  const [known, said] = [resource.dataClasses, context.dataClasses];
  return known === said || !said ? known : [...(known ?? []), ...said];
}

const optional = (patterns: readonly string[] | undefined): Matcher => (patterns ? anyGlob(patterns) : () => true);
