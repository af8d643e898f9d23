import type { Member, Shape } from './shape.js';

const NAME: Shape = {
  kind: 'text',
  max: 100,
  pattern: /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/,
  says: 'lower-case letters, digits, dots, hyphens and underscores, beginning and ending with a letter or digit',
};
const GLOB: Shape = { kind: 'text', max: 255 };
const GLOBS: Shape = { kind: 'list', item: GLOB, min: 1, max: 1000 };
const LABELS: Shape = { kind: 'list', item: { kind: 'text', max: 100 }, min: 1, max: 100 };

/** Longest text of a `when`, in characters. */
export const MAX_CONDITION = 4096;

const ACTORS: Readonly<Record<string, Member>> = {
  roles: { shape: GLOBS, about: 'Globs over the roles the actor is registered with; one role is enough.' },
  types: { shape: GLOBS, about: 'Globs over the type: agent, service, user.' },
  ids: { shape: GLOBS, about: 'Globs over the id.' },
  unregistered: {
    shape: { kind: 'boolean' },
    about: 'On a permit: also actors that are not registered. Forbids and escalations match those in any case.',
    default: false,
  },
};

const RESOURCES: Readonly<Record<string, Member>> = {
  types: { shape: GLOBS, about: 'Globs over the type.' },
  ids: { shape: GLOBS, about: 'Globs over the id.' },
};

const DATA_CLASSES: Readonly<Record<string, Member>> = {
  anyOf: { shape: LABELS, about: 'At least one of these.' },
  allOf: { shape: LABELS, about: 'Every one of these.' },
  noneOf: { shape: LABELS, about: 'None of these.' },
};

const OBLIGATION: Readonly<Record<string, Member>> = {
  name: { shape: NAME, about: 'What the enforcement point has to do.', required: true },
  parameters: { shape: { kind: 'free' }, about: 'With what. Any JSON object.', default: {} },
};

const REVIEW: Readonly<Record<string, Member>> = {
  role: { shape: NAME, about: 'Who may resolve the review.', default: 'reviewer' },
  quorum: { shape: { kind: 'integer', min: 1, max: 20 }, about: 'How many distinct people must approve.', default: 1 },
  within: {
    shape: { kind: 'duration', min: 60, max: 30 * 86_400 },
    about: 'How long the review stays open, as an ISO 8601 duration.',
    default: 'PT24H',
  },
  onExpiry: { shape: { kind: 'choice', of: ['deny', 'permit'] }, about: 'What happens then.', default: 'deny' },
};

const TOKEN: Readonly<Record<string, Member>> = {
  redeem: {
    shape: { kind: 'choice', of: ['required', 'optional'] },
    about: 'Whether the capability token must be redeemed before it counts.',
    default: 'optional',
  },
  lifetime: {
    shape: { kind: 'duration', min: 1, max: 300 },
    about: 'How long it lives, as an ISO 8601 duration. Over PT60S only with redeem: required.',
    default: 'PT60S',
  },
};

const RULE: Readonly<Record<string, Member>> = {
  id: { shape: NAME, about: 'Unique within the policy.', required: true },
  effect: {
    shape: { kind: 'choice', of: ['permit', 'forbid', 'escalate'] },
    about: 'What a match does.',
    required: true,
  },
  actors: { shape: { kind: 'record', members: ACTORS, some: true }, about: 'Who. Absent: everybody.' },
  actions: { shape: GLOBS, about: 'Globs over the name of the action. Absent: every action.' },
  resources: { shape: { kind: 'record', members: RESOURCES, some: true }, about: 'To what. Absent: everything.' },
  dataClasses: {
    shape: { kind: 'record', members: DATA_CLASSES, some: true },
    about: 'Classes of the data concerned, from the catalogue and the caller together.',
  },
  when: {
    shape: { kind: 'text', max: MAX_CONDITION },
    about: 'A condition in CEL over actor, action, resource, context and now.',
  },
  obligations: {
    shape: { kind: 'list', item: { kind: 'record', members: OBLIGATION }, min: 1, max: 50 },
    about: 'What a permit asks of the enforcement point.',
  },
  review: { shape: { kind: 'record', members: REVIEW }, about: 'On an escalate: who reviews, and by when.' },
  reason: { shape: { kind: 'text', max: 500 }, about: 'Told to the caller when this rule decides.' },
  token: { shape: { kind: 'record', members: TOKEN }, about: 'On a permit: the capability token it carries.' },
};

/** The shape of a policy document; docs/policy.schema.json is generated from it. */
export const POLICY_SHAPE: Shape & { kind: 'record' } = {
  kind: 'record',
  members: {
    apiVersion: { shape: { kind: 'choice', of: ['lexecon.dev/v1'] }, about: 'Version of this format.', required: true },
    kind: { shape: { kind: 'choice', of: ['Policy'] }, about: 'What the document is.', required: true },
    name: { shape: NAME, about: 'Name of the policy; versions of one name replace each other.', required: true },
    mode: {
      shape: { kind: 'choice', of: ['strict', 'permissive', 'paranoid'] },
      about: 'What happens when no rule matches. The strictest mode of all active policies holds.',
      default: 'strict',
    },
    risk: {
      shape: { kind: 'choice', of: ['standard', 'high'] },
      about: 'high: the policy decides for an AI Act high-risk system; its decisions are kept longer.',
      default: 'standard',
    },
    description: { shape: { kind: 'text', max: 2000 }, about: 'For people.' },
    rules: {
      shape: { kind: 'list', item: { kind: 'record', members: RULE }, min: 0, max: 10_000 },
      about: 'Order has no meaning: forbid beats escalate beats permit.',
      required: true,
    },
  },
};
