import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ProblemError } from '@lexecon/auth';

/** One field of a form, as other protocols send it (`application/x-www-form-urlencoded`); the body is read by apps/api. Throws ProblemError 400
 *  when it is missing, empty, or there more than once. */
export const FormField = createParamDecorator((name: string, context: ExecutionContext): string => {
  const { body } = context.switchToHttp().getRequest<{ readonly body?: unknown }>();
  const values = body instanceof URLSearchParams ? body.getAll(name) : [];
  const [value = ''] = values;
  if (values.length === 1 && value !== '') return value;
  throw new ProblemError({
    status: 400,
    type: 'malformed',
    title: 'The request cannot be read',
    errors: [{ pointer: `/${name}`, detail: 'must be a field of the form, once' }],
  });
});
