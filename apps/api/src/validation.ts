import { type ArgumentMetadata, type ValidationError, ValidationPipe } from '@nestjs/common';
import { type FieldProblem, unprocessable } from '@lexecon/auth';

/** Bodies, queries and path parameters that are declared as classes: what the class does not name is refused. */
export const validation = (): ValidationPipe =>
  new StrictPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => unprocessable(problemsOf(errors)),
  });

/** What may be left out may not be null: @IsOptional alone would let null through to where nobody expects it. */
class StrictPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const read: unknown = await super.transform(value, metadata);
    const problems = nullsIn(read);
    if (problems.length > 0) throw unprocessable(problems);
    return read;
  }
}

/** Null members of declared classes; free JSON inside them may hold what it likes. */
function nullsIn(value: unknown, parent = ''): readonly FieldProblem[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => nullsIn(item, `${parent}/${String(at)}`));
  if (typeof value !== 'object' || value === null) return [];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const pointer = `${parent}/${escapePointer(name)}`;
    return member === null ? [{ pointer, detail: `${name} must not be null` }] : nullsIn(member, pointer);
  });
}

/** One problem per broken constraint, its pointer leading through nested objects and arrays. */
export const problemsOf = (errors: readonly ValidationError[], parent = ''): readonly FieldProblem[] =>
  errors.flatMap(({ property, constraints = {}, children = [] }) => {
    // A body that is no object at all has no property, whatever the type says.
    const pointer = typeof property === 'string' ? `${parent}/${escapePointer(property)}` : parent;
    return [...Object.values(constraints).map((detail) => ({ pointer, detail })), ...problemsOf(children, pointer)];
  });

export const escapePointer = (member: string): string => member.replaceAll('~', '~0').replaceAll('/', '~1');
