import { createRequire } from 'node:module';
import type { PipeTransform, Type } from '@nestjs/common';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { getMetadataStorage } from 'class-validator';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { type FieldProblem, unprocessable } from '@lexecon/auth';
import { FREE_JSON, isFreeJson } from './free-json.js';

const { defaultMetadataStorage } = createRequire(import.meta.url)('class-transformer/cjs/storage.js') as {
  readonly defaultMetadataStorage: object;
};

/** Validates a body against its class-validator declaration, compiled once: the same bodies pass and fail, an order of magnitude
 *  faster. Unknown members are refused. Throws ProblemError 422 naming every field. */
export class CompiledBody<T extends object> implements PipeTransform<unknown, T> {
  readonly #validate: ValidateFunction<T>;

  constructor(dto: Type<T>) {
    this.#validate = compile(dto);
  }

  transform(body: unknown): T {
    if (this.#validate(body)) return body;
    throw unprocessable((this.#validate.errors ?? []).map(problemOf));
  }
}

function compile<T>(dto: Type<T>): ValidateFunction<T> {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    removeAdditional: false,
    coerceTypes: false,
    unicodeRegExp: true,
  });
  ajv.addKeyword({
    keyword: FREE_JSON,
    schemaType: 'boolean',
    validate: (_: boolean, value: unknown) => isFreeJson(value),
    errors: false,
  });
  const definitions = validationMetadatasToSchemas({
    classValidatorMetadataStorage: getMetadataStorage(),
    classTransformerMetadataStorage: defaultMetadataStorage as never,
    refPointerPrefix: '#/$defs/',
    additionalConverters: { [FREE_JSON]: () => freeJsonSchema },
  });
  const closed = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, { ...schema, additionalProperties: false }]),
  );
  return ajv.compile<T>({ $ref: `#/$defs/${dto.name}`, $defs: closed });
}

const freeJsonSchema = { type: 'object' as const, [FREE_JSON]: true };

function problemOf({ instancePath, keyword, params, message }: ErrorObject): FieldProblem {
  const { missingProperty, additionalProperty } = params as { missingProperty?: string; additionalProperty?: string };
  if (missingProperty !== undefined)
    return { pointer: `${instancePath}/${escaped(missingProperty)}`, detail: 'is missing' };
  if (additionalProperty !== undefined)
    return { pointer: `${instancePath}/${escaped(additionalProperty)}`, detail: 'is unknown' };
  return {
    pointer: instancePath,
    detail: keyword === FREE_JSON ? 'must be an object within the limits for free JSON' : (message ?? 'is not valid'),
  };
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
