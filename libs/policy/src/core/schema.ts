import type { Json } from '@lexecon/crypto';
import { CASES_SHAPE } from './case.shape.js';
import { POLICY_SHAPE } from './document.shape.js';
import type { JsonObject, Member, Shape } from './shape.js';

/** The JSON schema of a list of cases for `runCases`. */
export const casesSchema = (): JsonObject => schemaOf(CASES_SHAPE);

/** The JSON schema (2020-12) of a policy document, for editors: docs/policy.schema.json holds exactly this. */
export function policySchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://lexecon.dev/policy.schema.json',
    title: 'Lexecon policy',
    ...schemaOf(POLICY_SHAPE),
  };
}

function schemaOf(shape: Shape): JsonObject {
  switch (shape.kind) {
    case 'text':
      return {
        type: 'string',
        minLength: 1,
        maxLength: shape.max,
        ...(shape.pattern ? { pattern: shape.pattern.source } : {}),
      };
    case 'choice':
      return shape.of.length === 1 ? { const: shape.of[0] ?? '' } : { enum: shape.of };
    case 'integer':
      return { type: 'integer', minimum: shape.min, maximum: shape.max };
    case 'number':
      return { type: 'number', minimum: shape.min, maximum: shape.max };
    case 'boolean':
      return { type: 'boolean' };
    case 'duration':
      return { type: 'string', pattern: '^P([0-9]+W|([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?)$' };
    case 'list':
      return { type: 'array', items: schemaOf(shape.item), minItems: shape.min, maxItems: shape.max };
    case 'record':
      return recordSchema(shape.members, shape.some ?? false);
    case 'free':
      return { type: shape.orNull ? ['object', 'null'] : 'object' };
  }
}

function recordSchema(members: Readonly<Record<string, Member>>, some: boolean): JsonObject {
  const entries = Object.entries(members);
  const required = entries.filter(([, member]) => member.required).map(([name]) => name);
  const properties = Object.fromEntries(entries.map(([name, member]): [string, Json] => [name, memberSchema(member)]));
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    ...(some ? { minProperties: 1 } : {}),
    properties,
  };
}

function memberSchema(member: Member): JsonObject {
  return {
    description: member.about,
    ...schemaOf(member.shape),
    ...(member.default === undefined ? {} : { default: member.default }),
  };
}
