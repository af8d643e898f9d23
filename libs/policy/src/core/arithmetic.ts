import {
  Duration,
  type Frame,
  isList,
  isNumber,
  isUnknown,
  kindOf,
  OVER_COST,
  spend,
  Unknown,
  type Value,
} from './value.js';

export type Operator = '+' | '-' | '*' | '/' | '%';

const LARGEST = 2n ** 63n - 1n;
const SMALLEST = -(2n ** 63n);

/**
 * `a operator b`. Two ints give an int (64 bits, division towards zero), and so does CEL; an int beside a double is taken
 * as a double, so that the numbers of JSON facts, which are doubles, calculate with whole literals.
 */
export function calculate(operator: Operator, a: Value, b: Value, frame: Frame): Value {
  if (isUnknown(a)) return a;
  if (isUnknown(b)) return b;
  if (typeof a === 'bigint' && typeof b === 'bigint') return withInts(operator, a, b);
  if (isNumber(a) && isNumber(b)) return finite(withDoubles(operator, Number(a), Number(b)));
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') {
    return spend(frame, (a.length + b.length) >> 6) ? a + b : OVER_COST;
  }
  if (operator === '+' && isList(a) && isList(b)) return spend(frame, a.length + b.length) ? [...a, ...b] : OVER_COST;
  return withTime(operator, a, b) ?? new Unknown(`${kindOf(a)} ${operator} ${kindOf(b)} has no meaning`);
}

export function negate(value: Value): Value {
  if (isUnknown(value)) return value;
  if (typeof value === 'bigint') return inRange(-value);
  return typeof value === 'number' ? -value : new Unknown(`-${kindOf(value)} has no meaning`);
}

function withInts(operator: Operator, a: bigint, b: bigint): Value {
  if (b === 0n && (operator === '/' || operator === '%')) return new Unknown('division by zero');
  switch (operator) {
    case '+':
      return inRange(a + b);
    case '-':
      return inRange(a - b);
    case '*':
      return inRange(a * b);
    case '/':
      return inRange(a / b);
    case '%':
      return a % b;
  }
}

function withDoubles(operator: Operator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

function withTime(operator: Operator, a: Value, b: Value): Value | null {
  if (operator !== '+' && operator !== '-') return null;
  const sign = operator === '+' ? 1 : -1;
  if (a instanceof Date && b instanceof Duration) return moment(a.getTime() + sign * b.milliseconds);
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.milliseconds + sign * b.milliseconds);
  if (a instanceof Duration && b instanceof Date && sign > 0) return moment(b.getTime() + a.milliseconds);
  if (a instanceof Date && b instanceof Date && sign < 0) return new Duration(a.getTime() - b.getTime());
  return null;
}

const inRange = (value: bigint): Value =>
  value > LARGEST || value < SMALLEST ? new Unknown('a whole number beyond 64 bits') : value;

const finite = (value: number): Value =>
  Number.isFinite(value) ? value : new Unknown('a division by zero or overflow');

const moment = (milliseconds: number): Value =>
  Math.abs(milliseconds) > 8.64e15 ? new Unknown('a time beyond the calendar') : new Date(milliseconds);
