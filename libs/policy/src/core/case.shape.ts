import { SENSITIVITIES } from './facts.js';
import type { Member, Shape } from './shape.js';

const RFC_3339 =
  /^\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const TEXT: Shape = { kind: 'text', max: 255 };
const TEXTS: Shape = { kind: 'list', item: TEXT, min: 0, max: 100 };
const FREE: Shape = { kind: 'free' };
const REF: Shape = { kind: 'record', members: { type: required(TEXT, 'Its type.'), id: required(TEXT, 'Its id.') } };
const RISK: Shape = { kind: 'number', min: 0, max: 100 };
const SENSITIVITY: Shape = { kind: 'choice', of: SENSITIVITIES };

const REQUEST: Shape = {
  kind: 'record',
  members: {
    actor: required(
      {
        kind: 'record',
        members: {
          type: required(TEXT, 'Its type.'),
          id: required(TEXT, 'Its id.'),
          properties: { shape: FREE, about: 'What the caller says about it.' },
          onBehalfOf: { shape: REF, about: 'For whom it acts.' },
        },
      },
      'Who wants to act.',
    ),
    action: required(
      {
        kind: 'record',
        members: { name: required(TEXT, 'Its name.'), properties: { shape: FREE, about: 'Its arguments.' } },
      },
      'What it wants to do.',
    ),
    resource: required(
      {
        kind: 'record',
        members: {
          type: required(TEXT, 'Its type.'),
          id: required(TEXT, 'Its id.'),
          sensitivity: { shape: SENSITIVITY, about: 'What the caller says of its sensitivity.' },
          properties: { shape: FREE, about: 'What the caller says about it.' },
        },
      },
      'To what.',
    ),
    context: {
      shape: {
        kind: 'record',
        members: {
          intent: { shape: { kind: 'text', max: 2000 }, about: 'What for.' },
          riskScore: { shape: RISK, about: '0 to 100.' },
          environment: { shape: TEXT, about: 'Where.' },
          dataClasses: { shape: TEXTS, about: 'What the caller says of the data.' },
          attributes: { shape: FREE, about: 'Anything else.' },
        },
      },
      about: 'The facts around it.',
    },
  },
};

const KNOWN: Shape = {
  kind: 'record',
  members: {
    actor: {
      shape: {
        kind: 'record',
        members: {
          roles: { shape: TEXTS, about: 'Roles of the registration.', default: [] },
          attributes: { shape: FREE, about: 'Attributes of the registration.', default: {} },
          disabled: { shape: { kind: 'boolean' }, about: 'Whether it is switched off.', default: false },
        },
      },
      about: 'The registration; absent: the actor is not registered.',
    },
    resource: {
      shape: {
        kind: 'record',
        members: {
          dataClasses: { shape: TEXTS, about: 'Classes of the catalogue.', default: [] },
          sensitivity: { shape: SENSITIVITY, about: 'Sensitivity of the catalogue.' },
        },
      },
      about: 'The entry of the catalogue; absent: the catalogue does not have the resource.',
    },
    riskScore: { shape: RISK, about: 'A score of the server.' },
  },
};

const EXPECT: Shape = {
  kind: 'record',
  members: {
    outcome: required({ kind: 'choice', of: ['permit', 'deny', 'escalate'] }, 'The outcome.'),
    reason: { shape: { kind: 'text', max: 1000 }, about: 'The reason, word for word.' },
    rules: { shape: TEXTS, about: 'The rules that decided, as policy/rule, in order.' },
    obligations: { shape: { kind: 'list', item: FREE, min: 0, max: 50 }, about: 'The obligations.' },
    review: { shape: { ...FREE, orNull: true }, about: 'The review asked for; null: none.' },
    risk: { shape: { kind: 'choice', of: ['standard', 'high'] }, about: 'The risk.' },
    token: { shape: { ...FREE, orNull: true }, about: 'The terms of the token; null: none.' },
    unknown: { shape: TEXTS, about: 'The rules whose match was unknown, as policy/rule, in order.' },
  },
};

/** Cases to try policies with; see libs/policy/test/cases for many. */
export const CASES_SHAPE: Shape = {
  kind: 'list',
  min: 1,
  max: 100,
  item: {
    kind: 'record',
    members: {
      name: required({ kind: 'text', max: 500 }, 'What the case shows.'),
      request: required(REQUEST, 'As the body of a decision request.'),
      known: { shape: KNOWN, about: 'What the server knows.', default: {} },
      satisfied: {
        shape: {
          kind: 'list',
          item: { kind: 'record', members: { policy: required(TEXT, 'Policy.'), rule: required(TEXT, 'Rule.') } },
          min: 0,
          max: 100,
        },
        about: 'Rules that an approved review names.',
        default: [],
      },
      now: {
        shape: { kind: 'text', max: 40, pattern: RFC_3339, says: 'a time such as 2026-01-01T00:00:00Z' },
        about: 'When.',
      },
      expect: required(EXPECT, 'What must come out; members that are absent are not looked at.'),
    },
  },
};

function required(shape: Shape, about: string): Member {
  return { shape, about, required: true };
}
