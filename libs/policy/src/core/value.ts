import type { Facts } from './facts.js';

/** A value while a condition runs. CEL's int is a bigint and its double a number, as are all numbers in facts. */
export type Value =
  | null
  | boolean
  | string
  | number
  | bigint
  | Date
  | Duration
  | Unknown
  | readonly Value[]
  | { readonly [key: string]: Value };

/** What an expression is worth when a fact is absent, has the wrong type, or costs too much. It is never thrown. */
export class Unknown {
  constructor(readonly because: string) {}
}

export class Duration {
  constructor(readonly milliseconds: number) {}
}

/** Where conditions run. */
export interface Frame {
  readonly facts: Facts;
  readonly now: Date;
  /** Values of the variables that `all`, `exists`, `map` and the like bind, by depth. */
  readonly bound: Value[];
  /** Steps the condition that runs may still take. Below zero the result counts as unknown and every loop stops. */
  steps: number;
  /** Steps the conditions after it may take. */
  remaining: number;
}

export const OVER_COST = new Unknown('it takes more steps than a condition may');

/** Takes `count` steps off the allowance; false when it is used up. */
export function spend(frame: Frame, count: number): boolean {
  frame.steps -= count;
  return frame.steps >= 0;
}

export const isUnknown = (value: Value): value is Unknown => value instanceof Unknown;
export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isNumber = (value: Value): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

export function isMap(value: Value): value is { readonly [key: string]: Value } {
  return kindOf(value) === 'map';
}

export function kindOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return 'double';
    case 'bigint':
      return 'int';
    default:
      if (value === null) return 'null';
      if (isList(value)) return 'list';
      if (value instanceof Date) return 'timestamp';
      if (value instanceof Duration) return 'duration';
      return value instanceof Unknown ? 'unknown' : 'map';
  }
}

/** Equality of CEL: numbers by their size, lists and maps by their parts, different kinds are never equal. */
export function equals(a: Value, b: Value, frame: Frame): boolean {
  if (!spend(frame, 1)) return false;
  if (a === b) return true;
  if (isNumber(a)) return isNumber(b) && compare(a, b) === 0;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Duration) return b instanceof Duration && a.milliseconds === b.milliseconds;
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((item, i) => equals(item, b[i] ?? null, frame));
  }
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equals(a[key] ?? null, b[key] ?? null, frame));
}

/** Negative, zero or positive as `a` is before, with or after `b`; null when they have no order. */
export function compare(a: Value, b: Value): number | null {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (a instanceof Duration && b instanceof Duration) return a.milliseconds - b.milliseconds;
  return null;
}
