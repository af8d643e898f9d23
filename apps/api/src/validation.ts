import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { type FieldProblem, unprocessable } from '@lexecon/auth';

/** Bodies, queries and path parameters that are declared as classes: what the class does not name is refused. */
export const validation = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => unprocessable(problemsOf(errors)),
  });

/** One problem per broken constraint, its pointer leading through nested objects and arrays. */
export const problemsOf = (errors: readonly ValidationError[], parent = ''): readonly FieldProblem[] =>
  errors.flatMap(({ property, constraints = {}, children = [] }) => {
    // A body that is no object at all has no property, whatever the type says.
    const pointer = typeof property === 'string' ? `${parent}/${escapePointer(property)}` : parent;
    return [...Object.values(constraints).map((detail) => ({ pointer, detail })), ...problemsOf(children, pointer)];
  });

export const escapePointer = (member: string): string => member.replaceAll('~', '~0').replaceAll('/', '~1');
