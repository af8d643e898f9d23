import { validate } from 'uuid';
import { unprocessable } from '@lexecon/auth';
import { keyOfCursor } from '@lexecon/database';

export const PAGE = 50;

/** The id a cursor stands for, or null without one. Throws ProblemError 422 when it is none of ours. */
export function idOfCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const id = keyOfCursor(cursor);
  if (id === null || !validate(id))
    throw unprocessable([{ pointer: '/cursor', detail: 'is not a cursor of this list' }]);
  return id;
}
