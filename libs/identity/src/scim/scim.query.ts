import { invalidValue } from './scim.error.js';
import type { Selection } from './scim.resource.js';

const MOST = 100;
/** Far beyond any directory, and within what PostgreSQL counts to. */
const LAST = 1_000_000_000;
const LONGEST = 2_000;

export interface ListQuery extends Selection {
  readonly filter: string | undefined;
  /** From 1. */
  readonly startIndex: number;
  readonly count: number;
}

/** What a list is asked with (RFC 7644, 3.4.2). Numbers out of bounds are brought within; other parameters are ignored.
 *  Throws ScimError 400. */
export function listQueryOf(query: Readonly<Record<string, unknown>>): ListQuery {
  return {
    ...selectionOf(query),
    filter: textOf(query, 'filter'),
    startIndex: Math.min(Math.max(numberOf(query, 'startIndex') ?? 1, 1), LAST),
    count: Math.min(Math.max(numberOf(query, 'count') ?? MOST, 0), MOST),
  };
}

/** Throws ScimError 400. */
export const selectionOf = (query: Readonly<Record<string, unknown>>): Selection => ({
  attributes: textOf(query, 'attributes'),
  excludedAttributes: textOf(query, 'excludedAttributes'),
});

function textOf(query: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > LONGEST) throw invalidValue(`${name} must be there once.`);
  return value;
}

function numberOf(query: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,12}$/.test(text)) throw invalidValue(`${name} must be a whole number.`);
  return Number(text);
}
