import { registerDecorator } from 'class-validator';

/** One line of text that can be stored and shown anywhere: no control characters, no half surrogates. */
export const LINE = /^[^\p{Cc}\p{Cs}]*$/u;
export const oneLine = { message: '$property must be one line of text without control characters' };
/** A moment as RFC 3339 writes it. Whether the day exists is not said. */
export const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
export const moment = { message: '$property must be a date and time with its offset, as in 2026-11-22T10:30:00Z' };
/** A role an actor is registered with, as policies name it. */
export const ROLE_NAME = /^[a-z0-9][a-z0-9._:-]{0,63}$/;

const DEEPEST = 8;
const MOST_KEYS = 256;
const MOST_BYTES = 16 * 1024;

/** A JSON object within limits: depth 8, 256 keys in all, 16 KiB, no NUL characters (PostgreSQL keeps none). */
export function IsAttributes(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isAttributes',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: isAttributes,
        defaultMessage: () => `must be a JSON object of depth 8, 256 keys and 16 KiB at most, without NUL characters`,
      },
    });
  };
}

export function isAttributes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (!within(value)) return false;
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) <= MOST_BYTES && !text.includes('\\u0000') && !/\\ud[89a-f]/i.test(text);
}

/** Walks level by level, so that the deepest body cannot exhaust the stack. */
function within(root: object): boolean {
  let level: unknown[] = [root];
  let keys = 0;
  for (let depth = 1; level.length > 0; depth += 1) {
    const objects = level.filter((value) => typeof value === 'object' && value !== null);
    if (objects.length > 0 && depth > DEEPEST) return false;
    level = objects.flatMap((object): unknown[] => Object.values(object));
    keys += level.length;
    if (keys > MOST_KEYS) return false;
  }
  return true;
}
