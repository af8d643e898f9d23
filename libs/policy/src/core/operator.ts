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

/** `==` and `!=`. With a literal text on the right, the commonest case, nothing but that text is looked at. */
export function compileEquality(left: Code, right: Code, wanted: boolean, literal?: string): Code {
  const general = generalEquality(left, right, wanted);
  if (literal === undefined) return general;
  return (frame) => {
    const a = left(frame);
    return typeof a === 'string' ? (a === literal) === wanted : general(frame);
  };
}

function generalEquality(left: Code, right: Code, wanted: boolean): Code {
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    if (isUnknown(a)) return a;
    if (isUnknown(b)) return b;
    const same = equals(a, b, frame);
    return frame.steps < 0 ? OVER_COST : same === wanted;
  };
}

/** `<`, `<=`, `>` and `>=`. With a literal number on the right, the commonest case, nothing but that number is looked at. */
export function compileOrder(left: Code, right: Code, operator: keyof typeof ORDERS, literal?: number): Code {
  const general = generalOrder(left, right, operator);
  return literal === undefined ? general : LITERAL_ORDERS[operator](left, literal, general);
}

function generalOrder(left: Code, right: Code, operator: keyof typeof ORDERS): Code {
  const holds = ORDERS[operator];
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    if (isUnknown(a)) return a;
    if (isUnknown(b)) return b;
    const order = compare(a, b);
    return order === null ? new Unknown(`${kindOf(a)} ${operator} ${kindOf(b)} has no meaning`) : holds(order);
  };
}

type LiteralOrder = (left: Code, literal: number, general: Code) => Code;

const LITERAL_ORDERS: Readonly<Record<keyof typeof ORDERS, LiteralOrder>> = {
  '<': (left, literal, general) => (frame) => {
    const a = left(frame);
    return typeof a === 'number' ? a < literal : general(frame);
  },
  '<=': (left, literal, general) => (frame) => {
    const a = left(frame);
    return typeof a === 'number' ? a <= literal : general(frame);
  },
  '>': (left, literal, general) => (frame) => {
    const a = left(frame);
    return typeof a === 'number' ? a > literal : general(frame);
  },
  '>=': (left, literal, general) => (frame) => {
    const a = left(frame);
    return typeof a === 'number' ? a >= literal : general(frame);
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
