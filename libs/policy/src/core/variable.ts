import type { Frame, Value } from './value.js';
import { Unknown } from './value.js';

type Field = {
  /** CEL type, for the checker; or the fields of an object. */
  readonly type: string | Readonly<Record<string, string>>;
  readonly read: (frame: Frame) => Value;
};

const absent = (path: string): Unknown => new Unknown(`${path} is absent`);

const NOT_REGISTERED = new Unknown('the actor is not registered, so its roles and attributes are absent');
const ABSENT = {
  onBehalfOf: absent('actor.onBehalfOf'),
  dataClasses: absent('the data classes'),
  sensitivity: absent('resource.sensitivity'),
  intent: absent('context.intent'),
  riskScore: absent('context.riskScore'),
  environment: absent('context.environment'),
} as const;

const DYNAMIC = 'map<string, dyn>';

/** Everything a condition can look at, beside `now`. Only `properties` and `attributes` are dynamic. */
export const VARIABLES: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  actor: {
    type: { type: 'string', read: ({ facts }) => facts.actor.type },
    id: { type: 'string', read: ({ facts }) => facts.actor.id },
    registered: { type: 'bool', read: ({ facts }) => facts.actor.registered },
    roles: { type: 'list<string>', read: ({ facts: { actor } }) => (actor.registered ? actor.roles : NOT_REGISTERED) },
    attributes: {
      type: DYNAMIC,
      read: ({ facts: { actor } }) => (actor.registered ? actor.attributes : NOT_REGISTERED),
    },
    properties: { type: DYNAMIC, read: ({ facts }) => facts.actor.properties },
    onBehalfOf: {
      type: { type: 'string', id: 'string' },
      read: ({ facts }) => facts.actor.onBehalfOf ?? ABSENT.onBehalfOf,
    },
  },
  action: {
    name: { type: 'string', read: ({ facts }) => facts.action.name },
    properties: { type: DYNAMIC, read: ({ facts }) => facts.action.properties },
  },
  resource: {
    type: { type: 'string', read: ({ facts }) => facts.resource.type },
    id: { type: 'string', read: ({ facts }) => facts.resource.id },
    dataClasses: { type: 'list<string>', read: ({ facts }) => facts.resource.dataClasses ?? ABSENT.dataClasses },
    sensitivity: { type: 'string', read: ({ facts }) => facts.resource.sensitivity ?? ABSENT.sensitivity },
    properties: { type: DYNAMIC, read: ({ facts }) => facts.resource.properties },
  },
  context: {
    intent: { type: 'string', read: ({ facts }) => facts.context.intent ?? ABSENT.intent },
    riskScore: { type: 'double', read: ({ facts }) => facts.context.riskScore ?? ABSENT.riskScore },
    environment: { type: 'string', read: ({ facts }) => facts.context.environment ?? ABSENT.environment },
    dataClasses: { type: 'list<string>', read: ({ facts }) => facts.context.dataClasses ?? ABSENT.dataClasses },
    attributes: { type: DYNAMIC, read: ({ facts }) => facts.context.attributes },
  },
};

export const fieldOf = (variable: string, field: string): Field | undefined => {
  const fields = Object.hasOwn(VARIABLES, variable) ? VARIABLES[variable] : undefined;
  return fields && Object.hasOwn(fields, field) ? fields[field] : undefined;
};
