import { validate } from 'uuid';
import { unprocessable } from '@lexecon/auth';
import { keyOfCursor } from '@lexecon/database';

/** What a cursor stands for, or null without one. Throws ProblemError 422 when it is none of ours. */
export function keyOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  return keyOfCursor(cursor) ?? refuse();
}

/** As `keyOf`, for a list by UUID. */
export function idOfCursor(cursor: string | undefined): string | null {
  const id = keyOf(cursor);
  return id === null || validate(id) ? id : refuse();
}

/** As `keyOf`, for a list by number. */
export function numberOfCursor(cursor: string | undefined): number | undefined {
  const key = keyOf(cursor);
  if (key === null) return undefined;
  return /^[1-9]\d{0,8}$/.test(key) ? Number(key) : refuse();
}

function refuse(): never {
  throw unprocessable([{ pointer: '/cursor', detail: 'is not a cursor of this list' }]);
}
