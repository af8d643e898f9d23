import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { ProblemError } from '@lexecon/auth';
import { CompiledBody } from './compiled-body.pipe.js';
import { DecisionBatchDto, DecisionRequestDto } from './decision.dto.js';

const good = {
  actor: {
    type: 'agent',
    id: 'support-bot',
    onBehalfOf: { type: 'user', id: 'u-1842' },
    properties: { a: [1, { b: null }] },
  },
  action: { name: 'database:read', properties: { limit: 50 } },
  resource: { type: 'table', id: 'orders', sensitivity: 'internal', properties: { region: 'eu' } },
  context: { intent: 'answer', dataClasses: ['pii'], riskScore: 42, environment: 'production', attributes: {} },
};

const request = new CompiledBody(DecisionRequestDto);
const batch = new CompiledBody(DecisionBatchDto);

const declared = (dto: new () => object, body: unknown): boolean =>
  typeof body === 'object' &&
  body !== null &&
  !Array.isArray(body) &&
  validateSync(plainToInstance(dto, body), { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true })
    .length === 0;

const compiled = (pipe: CompiledBody<object>, body: unknown): boolean => {
  try {
    pipe.transform(body);
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
};

const deep = (depth: number): object => (depth === 0 ? { end: true } : { next: deep(depth - 1) });

/** Values that members of a body are replaced with: valid for some, wrong for others. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    'x',
    'agent',
    'x'.repeat(257),
    'a\u0000b',
    '\ud800',
    0,
    -1,
    100,
    101,
    1e400,
    42.5,
    true,
    [],
    [''],
    ['pii'],
    {},
    deep(7),
    deep(8),
  ),
  fc.constant(Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`k${String(i)}`, i]))),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.array(fc.string({ maxLength: 4 }), { maxLength: 70 }),
);

const paths = [
  ['actor'],
  ['actor', 'type'],
  ['actor', 'id'],
  ['actor', 'onBehalfOf'],
  ['actor', 'onBehalfOf', 'id'],
  ['actor', 'properties'],
  ['actor', 'roles'],
  ['action'],
  ['action', 'name'],
  ['action', 'properties'],
  ['action', 'properties', 'limit'],
  ['resource'],
  ['resource', 'type'],
  ['resource', 'id'],
  ['resource', 'sensitivity'],
  ['resource', 'properties'],
  ['context'],
  ['context', 'intent'],
  ['context', 'dataClasses'],
  ['context', 'riskScore'],
  ['context', 'environment'],
  ['context', 'attributes'],
  ['context', 'other'],
  ['unknown'],
] as const;

const mutation = fc.record({ path: fc.constantFrom(...paths), value: fc.option(oddValue, { nil: undefined }) });

/** A valid body with some members replaced, added, or (undefined) removed. */
const body = fc.array(mutation, { maxLength: 3 }).map((mutations) => {
  const result = structuredClone(good) as Record<string, unknown>;
  for (const { path, value } of mutations) {
    let at: Record<string, unknown> = result;
    for (const step of path.slice(0, -1)) {
      if (typeof at[step] !== 'object' || at[step] === null || Array.isArray(at[step])) at[step] = {};
      at = at[step] as Record<string, unknown>;
    }
    const last = path.at(-1) ?? '';
    if (value === undefined) Reflect.deleteProperty(at, last);
    else at[last] = structuredClone(value);
  }
  return result;
});

describe('the compiled body validator', () => {
  it('accepts the example and refuses it with an unknown member, naming it', () => {
    expect(request.transform(good)).toBe(good);
    let problem: unknown;
    try {
      request.transform({ ...good, action: { ...good.action, nmae: 1 } });
    } catch (error) {
      problem = error instanceof ProblemError ? error.problem : error;
    }
    expect(problem).toMatchObject({ status: 422, errors: [{ pointer: '/action/nmae', detail: 'is unknown' }] });
  });

  it('accepts and refuses the same bodies as the class-validator declaration', () => {
    let [accepted, refused] = [0, 0];
    fc.assert(
      fc.property(body, (value) => {
        const verdict = declared(DecisionRequestDto, value);
        if (verdict) accepted += 1;
        else refused += 1;
        return verdict === compiled(request, value);
      }),
      { numRuns: 3_000, seed: 20261123 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(300);
  });

  it('accepts and refuses the same batches', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(body, { maxLength: 3 }), oddValue, fc.constant(Array(101).fill(good))),
        (requests) => {
          const value = { requests };
          return declared(DecisionBatchDto, value) === compiled(batch, value);
        },
      ),
      { numRuns: 500, seed: 20261123 },
    );
  });

  it('refuses what is no object at all', () => {
    for (const value of [null, [], 'text', 1, undefined]) expect(compiled(request, value)).toBe(false);
  });
});
