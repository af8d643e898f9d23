import type { Code } from './code.js';
import {
  compare,
  equals,
  type Frame,
  isList,
  isMap,
  isUnknown,
  kindOf,
  OVER_COST,
  Unknown,
  type Value,
} from './value.js';

const ORDERS = {
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
} as const;

type Order = keyof typeof ORDERS;

/** `==` and `!=`. */
export function compileEquality(left: Code, right: Code, wanted: boolean): Code {
  return (frame) => {
    const a = left(frame);
    return isUnknown(a) ? a : sameness(a, right(frame), wanted, frame);
  };
}

/** `==` and `!=` with a text on the right, a commonest case: little is built and little is looked at. */
export function compileEqualityTo(left: Code, text: string, wanted: boolean): Code {
  return (frame) => {
    const a = left(frame);
    if (typeof a === 'string') return (a === text) === wanted;
    return isUnknown(a) ? a : sameness(a, text, wanted, frame);
  };
}

function sameness(a: Value, b: Value, wanted: boolean, frame: Frame): Value {
  if (isUnknown(b)) return b;
  const same = equals(a, b, frame);
  return frame.steps < 0 ? OVER_COST : same === wanted;
}

/** `<`, `<=`, `>` and `>=`. */
export function compileOrder(left: Code, right: Code, operator: Order): Code {
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    if (isUnknown(a)) return a;
    return isUnknown(b) ? b : ordered(a, b, operator);
  };
}

/** `<`, `<=`, `>` and `>=` with a number on the right, a commonest case: little is built and little is looked at. */
export const compileOrderTo = (left: Code, number: number | bigint, operator: Order): Code =>
  typeof number === 'bigint' && !Number.isSafeInteger(Number(number))
    ? compileOrder(left, () => number, operator)
    : ORDERS_TO[operator](left, Number(number));

function ordered(a: Value, b: Value, operator: Order): Value {
  const order = compare(a, b);
  return order === null ? new Unknown(`${kindOf(a)} ${operator} ${kindOf(b)} has no meaning`) : ORDERS[operator](order);
}

const orderedTo = (a: Value, number: number, operator: Order): Value =>
  isUnknown(a) ? a : ordered(a, Number.isInteger(number) ? BigInt(number) : number, operator);

const ORDERS_TO: Readonly<Record<Order, (left: Code, number: number) => Code>> = {
  '<': (left, number) => (frame) => {
    const a = left(frame);
    return typeof a === 'number' ? a < number : orderedTo(a, number, '<');
  },
  '<=': (left, number) => (frame) => {
    const a = left(frame);
    return typeof a === 'number' ? a <= number : orderedTo(a, number, '<=');
  },
  '>': (left, number) => (frame) => {
    const a = left(frame);
    return typeof a === 'number' ? a > number : orderedTo(a, number, '>');
  },
  '>=': (left, number) => (frame) => {
    const a = left(frame);
    return typeof a === 'number' ? a >= number : orderedTo(a, number, '>=');
  },
};

export function compileMembership(left: Code, right: Code): Code {
  return (frame) => {
    const item = left(frame);
    const of = right(frame);
    if (isUnknown(item)) return item;
    if (isUnknown(of)) return of;
    if (isList(of)) {
      const found = of.some((entry) => equals(item, entry, frame));
      return frame.steps < 0 ? OVER_COST : found;
    }
    return isMap(of) && typeof item === 'string'
      ? Object.hasOwn(of, item)
      : new Unknown(`${kindOf(item)} in ${kindOf(of)} has no meaning`);
  };
}

/** `||` and `&&` of CEL: a side that decides alone outweighs an unknown other side, whichever comes first. */
export function logical(left: Code, right: Code, decides: boolean): Code {
  return (frame) => {
    const a = left(frame);
    if (a === decides) return decides;
    const b = right(frame);
    if (b === decides) return decides;
    if (typeof a !== 'boolean') return isUnknown(a) ? a : new Unknown(`a ${kindOf(a)} is no condition`);
    if (typeof b !== 'boolean') return isUnknown(b) ? b : new Unknown(`a ${kindOf(b)} is no condition`);
    return !decides;
  };
}

export function choose(condition: Value, yes: Code, no: Code, frame: Frame): Value {
  if (typeof condition === 'boolean') return condition ? yes(frame) : no(frame);
  return isUnknown(condition) ? condition : new Unknown(`a ${kindOf(condition)} is no condition`);
}

export function not(value: Value): Value {
  if (typeof value === 'boolean') return !value;
  return isUnknown(value) ? value : new Unknown(`!${kindOf(value)} has no meaning`);
}
