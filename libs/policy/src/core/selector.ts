import type { DataClassSelector, Rule } from './document.js';
import type { Facts } from './facts.js';
import { anyGlob, type Matcher } from './glob.js';
import { Unknown } from './value.js';

/** Whether something matches; Unknown when a fact it needs is absent or cannot be evaluated. */
export type Answer = boolean | Unknown;
export type Selector = (facts: Facts) => Answer;

const NO_ROLES = new Unknown('the actor is not registered, so its roles are absent');
const NO_CLASSES = new Unknown('the data classes are absent');

/** What a rule is about. */
export interface About {
  readonly action: Selector;
  readonly resource: Selector;
  readonly actor: Selector;
}

export function aboutOf(rule: Rule): About {
  return {
    action: actionSelector(rule.actions),
    resource: resourceSelector(rule.resources),
    actor: actorSelector(rule),
  };
}

const always: Selector = () => true;

function actionSelector(actions: Rule['actions']): Selector {
  if (!actions) return always;
  const matches = anyGlob(actions);
  return ({ action }) => matches(action.name);
}

function actorSelector({ effect, actors }: Rule): Selector {
  const type = optional(actors?.types);
  const id = optional(actors?.ids);
  const role = optional(actors?.roles);
  const onlyRegistered = effect === 'permit' && !actors?.unregistered;
  if (!actors && !onlyRegistered) return always;
  return ({ actor }) => {
    if (!actor.registered && onlyRegistered) return false;
    if ((type && !type(actor.type)) || (id && !id(actor.id))) return false;
    if (!role) return true;
    return actor.registered ? actor.roles.some(role) : NO_ROLES;
  };
}

function resourceSelector(resources: Rule['resources']): Selector {
  if (!resources) return always;
  const type = optional(resources.types);
  const id = optional(resources.ids);
  return ({ resource }) => (!type || type(resource.type)) && (!id || id(resource.id));
}

export function dataClassSelector(selector: DataClassSelector): Selector {
  const [anyOf, allOf, noneOf] = [selector.anyOf, selector.allOf, selector.noneOf].map((names) => names?.map(internal));
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

const optional = (patterns: readonly string[] | undefined): Matcher | null => (patterns ? anyGlob(patterns) : null);

/** The engine's one copy of a text (as it keeps of every key): equal texts of many rules then share their place. */
const internal = (text: string): string => Object.keys({ [text]: true })[0] ?? text;
