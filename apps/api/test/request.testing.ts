import type { OpenAPIObject } from '@nestjs/swagger';
import fc, { type Arbitrary } from 'fast-check';

/** The little of JSON Schema that the document uses. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly body: Schema | null;
}

export interface GeneratedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

interface RawOperation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}

export const operationsOf = (document: OpenAPIObject): readonly Operation[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Readonly<Record<string, RawOperation>>).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters: (operation.parameters ?? []).map(({ name, in: place, schema = {} }) => ({ name, in: place, schema })),
      body: operation.requestBody ? (Object.values(operation.requestBody.content)[0]?.schema ?? {}) : null,
    })),
  );

/** Texts that have broken servers before. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u202e\u0301\u{1f468}\u200d\u{1f469}',
  '../../etc/passwd',
  "'; DROP TABLE decision.decision; --",
  '${7*7}',
  '%00',
  '__proto__',
  'constructor',
  '-1',
  '1e400',
  '9007199254740993',
  'NaN',
  'x'.repeat(5000),
  '2026-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.001Z',
  '0001-01-01T00:00:00Z',
);

const deep = fc
  .integer({ min: 1, max: 400 })
  .map((depth) => JSON.parse(`${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`) as unknown);

const junk: Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: nasty },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      0,
      -0,
      -1,
      1.5,
      2 ** 53,
      1e308,
      1e21,
      2 ** 31,
      [],
      {},
      [[]],
      [null],
    ),
  },
  { weight: 1, arbitrary: deep },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
);

const uuid = fc.oneof(
  fc.uuid(),
  fc.constantFrom('01890000-0000-7000-8000-000000000001', '00000000-0000-0000-0000-000000000000'),
);

/** Values as the schema wants them, its example among them. */
export function valid(schema: Schema, document: OpenAPIObject, depth = 0): Arbitrary<unknown> {
  const shape = wanted(schema, document, depth);
  return schema.example === undefined ? shape : fc.oneof({ weight: 2, arbitrary: fc.constant(schema.example) }, shape);
}

/** The example that the document gives for a body; undefined when it has none, or not for a member that is required. */
export function exampleOf(schema: Schema, document: OpenAPIObject): unknown {
  if (schema.example !== undefined) return schema.example;
  const referred = schema.$ref ? resolved(schema.$ref, document) : schema.allOf?.[0];
  if (referred) return exampleOf(referred, document);
  if (schema.type === 'array' && schema.items) {
    const item = exampleOf(schema.items, document);
    return item === undefined ? undefined : [item];
  }
  if (!schema.properties) return undefined;
  const members = Object.entries(schema.properties).map(
    ([name, member]) => [name, exampleOf(member, document)] as const,
  );
  const given = Object.fromEntries(members.filter(([, example]) => example !== undefined));
  return (schema.required ?? []).every((name) => name in given) ? given : undefined;
}

function wanted(schema: Schema, document: OpenAPIObject, depth: number): Arbitrary<unknown> {
  if (depth > 6) return fc.constant(null);
  if (schema.$ref) return valid(resolved(schema.$ref, document), document, depth + 1);
  const [only] = schema.allOf ?? [];
  if (only) return valid(only, document, depth + 1);
  if (schema.oneOf) return fc.oneof(...schema.oneOf.map((one) => valid(one, document, depth + 1)));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? -10, max: schema.maximum ?? 200 });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valid(schema.items ?? {}, document, depth + 1), { maxLength: 4 });
    default:
      return schema.properties
        ? record(schema, document, depth)
        : fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue(), { maxKeys: 4 });
  }
}

function text({ format, minLength = 0, maxLength = 60 }: Schema): Arbitrary<string> {
  if (format === 'uuid') return uuid;
  if (format === 'email') return fc.emailAddress();
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  return fc.oneof(uuid, fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) }));
}

const record = (
  { properties = {}, required = [] }: Schema,
  document: OpenAPIObject,
  depth: number,
): Arbitrary<unknown> =>
  fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valid(schema, document, depth + 1)])),
    { requiredKeys: [...required] },
  );

function resolved(reference: string, document: OpenAPIObject): Schema {
  const schema = document.components?.schemas?.[reference.replace('#/components/schemas/', '')];
  if (!schema) throw new Error(`the document has no ${reference}`);
  return schema as Schema;
}

/** One thing in `value` replaced, removed or added, anywhere. */
const mutated = (value: unknown): Arbitrary<unknown> =>
  fc.tuple(fc.nat(), fc.constantFrom('replace', 'remove', 'add'), nasty, junk).map(([seed, how, name, other]) => {
    const copy = structuredClone({ root: value }) as Record<string, unknown>;
    const places = placesIn(copy);
    const [holder, key] = places[seed % places.length] ?? [copy, 'root'];
    const inside = holder[key];
    if (how === 'replace') holder[key] = other;
    else if (how === 'remove' && holder !== copy) Reflect.deleteProperty(holder, key);
    else if (typeof inside === 'object' && inside !== null) (inside as Record<string, unknown>)[name] = other;
    else holder[key] = other;
    return copy['root'];
  });

function placesIn(value: Record<string, unknown>): readonly (readonly [Record<string, unknown>, string])[] {
  return Object.entries(value).flatMap(([key, member]) => [
    [value, key] as const,
    ...(typeof member === 'object' && member !== null ? placesIn(member as Record<string, unknown>) : []),
  ]);
}

const contentTypes = fc.constantFrom(
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=latin1',
  'nonsense',
  '',
);

function bodyOf(schema: Schema, document: OpenAPIObject): Arbitrary<Pick<GeneratedRequest, 'body' | 'headers'>> {
  const json = (value: unknown) => ({
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  });
  const good = valid(schema, document);
  return fc.oneof(
    { weight: 4, arbitrary: good.map(json) },
    { weight: 8, arbitrary: good.chain(mutated).map(json) },
    { weight: 2, arbitrary: junk.map(json) },
    {
      weight: 1,
      arbitrary: fc
        .string({ unit: 'binary' })
        .map((body) => ({ body, headers: { 'content-type': 'application/json' } })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(good, contentTypes)
        .map(([value, type]) => ({ ...json(value), headers: { 'content-type': type } })),
    },
    { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 200_000 }).map((size) => json({ name: 'x'.repeat(size) })) },
    { weight: 1, arbitrary: fc.constant({ ...json(null), body: `${'['.repeat(30_000)}${']'.repeat(30_000)}` }) },
    { weight: 1, arbitrary: fc.constant({ body: null, headers: {} }) },
  );
}

/** Values of a path's parameter that exist, so that requests reach what lies behind a lookup. */
export type Known = (path: string, parameter: string) => readonly string[];

/** Requests to `operation`, some as they should be, most of them not. */
export function requestsTo(operation: Operation, document: OpenAPIObject, known: Known): Arbitrary<GeneratedRequest> {
  const parameters = operation.parameters.map((parameter) => ({
    ...parameter,
    values: parameterOf(parameter, document, known(operation.path, parameter.name)),
  }));
  const body = operation.body ? bodyOf(operation.body, document) : fc.constant({ body: null, headers: {} });
  const values = fc.tuple(...parameters.map(({ values }) => values));
  const extra = fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.tuple(nasty, nasty) },
  );
  return fc.tuple(values, body, extra).map(([given, sent, more]) => {
    const named = parameters.map(({ name, in: place }, at) => ({ name, place, value: given[at] ?? null }));
    const path = named
      .filter(({ place }) => place === 'path')
      .reduce((url, { name, value }) => url.replace(`{${name}}`, encoded(value ?? 'x')), operation.path);
    const query = named
      .filter(({ place, value }) => place === 'query' && value !== null)
      .map(({ name, value }) => `${name}=${encoded(value ?? '')}`);
    if (more) query.push(`${encoded(more[0])}=${encoded(more[1])}`);
    const headers = named
      .filter(({ place, value }) => place === 'header' && value !== null)
      .map(
        ({ name, value }) => [name.toLowerCase(), (value ?? '').replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?')] as const,
      );
    const url = query.length > 0 ? `${path}?${query.join('&')}` : path;
    return { url, headers: { ...sent.headers, ...Object.fromEntries(headers) }, body: sent.body };
  });
}

const encoded = (value: string): string => encodeURIComponent(value.toWellFormed()) || '%20';

const parameterOf = (
  { schema, in: place }: Operation['parameters'][number],
  document: OpenAPIObject,
  known: readonly string[],
): Arbitrary<string | null> =>
  fc.oneof(
    ...(place === 'path' ? [] : [{ weight: 4, arbitrary: fc.constant(null) }]),
    ...(place === 'path' && known.length > 0 ? [{ weight: 4, arbitrary: fc.constantFrom(...known) }] : []),
    { weight: 3, arbitrary: valid(schema, document).map(String) },
    { weight: 3, arbitrary: nasty },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  );
