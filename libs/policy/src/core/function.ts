import { RE2JS } from 're2js';
import { Duration, type Frame, isList, isMap, kindOf, OVER_COST, spend, Unknown, type Value } from './value.js';

/** Where a function is called in a condition. */
export interface Call {
  readonly name: string;
  /** The argument at `index` when it is written as a text, the receiver being argument 0. */
  readonly literal: (index: number) => string | undefined;
  /** Refuses the condition at this place. */
  readonly refuse: (detail: string) => never;
}

/** Runs with the arguments, the receiver first; none of them is unknown. */
export type Run = (args: readonly Value[], frame: Frame) => Value;

/** Longest text that `matches` looks at, and the largest program a pattern may compile to. */
const MAX_MATCHED = 4096;
const MAX_PROGRAM = 1000;
/** How many instructions of a pattern, times characters, count as one step. */
const INSTRUCTIONS_A_STEP = 64;

type Tables = Readonly<Record<string, (call: Call) => Run>>;

/** Every function a condition may call, by name and number of arguments. One entry adds one (and a case file beside it). */
export const METHODS: Tables = {
  'startsWith/1': onTexts((text, part) => text.startsWith(part)),
  'endsWith/1': onTexts((text, part) => text.endsWith(part)),
  'contains/1': onTexts((text, part) => text.includes(part)),
  'lowerAscii/0': onTexts((text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  'upperAscii/0': onTexts((text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())),
  'trim/0': onTexts((text) => text.trim()),
  'matches/1': matches,
  'size/0': () => size,
  ...clock('getFullYear', (parts) => parts.getUTCFullYear()),
  ...clock('getMonth', (parts) => parts.getUTCMonth()),
  ...clock('getDate', (parts) => parts.getUTCDate()),
  ...clock('getDayOfMonth', (parts) => parts.getUTCDate() - 1),
  ...clock('getDayOfWeek', (parts) => parts.getUTCDay()),
  ...clock('getHours', (parts) => parts.getUTCHours(), 3_600_000),
  ...clock('getMinutes', (parts) => parts.getUTCMinutes(), 60_000),
  ...clock('getSeconds', (parts) => parts.getUTCSeconds(), 1000),
};

export const FUNCTIONS: Tables = {
  'size/1': () => size,
  'dyn/1':
    () =>
    ([value = null]) =>
      value,
  'string/1':
    () =>
    ([value = null]) =>
      value instanceof Date || value instanceof Duration || typeof value === 'object'
        ? new Unknown(`string(${kindOf(value)}) has no meaning`)
        : `${value}`,
  'double/1':
    () =>
    ([value = null]) =>
      (typeof value === 'bigint' || numeric(value)) && Number.isFinite(Number(value))
        ? Number(value)
        : notA('double', value),
  'int/1':
    () =>
    ([value = null]) => {
      if (typeof value === 'bigint') return value;
      const number = numeric(value) ? Math.trunc(Number(value)) : Number.NaN;
      return Number.isSafeInteger(number) ? BigInt(number) : notA('int', value);
    },
  'timestamp/1':
    () =>
    ([value = null]) => {
      const time = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : Number.NaN;
      return Number.isNaN(time) ? notA('timestamp', value) : new Date(time);
    },
  'duration/1':
    () =>
    ([value = null]) =>
      durationOf(value) ?? notA('duration', value),
};

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const NUMERAL = /^[+-]?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?$/;
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, ns: 1e-6 };

function onTexts(run: (text: string, part: string) => Value): (call: Call) => Run {
  return ({ name }) =>
    ([text = null, part = ''], frame) => {
      if (typeof text !== 'string' || typeof part !== 'string')
        return new Unknown(`${kindOf(text)}.${name}(…) has no meaning`);
      return spend(frame, text.length >> 8) ? run(text, part) : OVER_COST;
    };
}

/** Linear in the text by RE2's automaton. The pattern must stand in the policy, where its size is known. */
function matches(call: Call): Run {
  const pattern = call.literal(1);
  if (pattern === undefined) return call.refuse('matches() takes its pattern as a text written in the policy');
  const program = programOf(pattern, call);
  const cost = program.programSize();
  if (cost > MAX_PROGRAM) return call.refuse('the pattern of matches() is too large');
  return ([text = null], frame) => {
    if (typeof text !== 'string') return new Unknown(`${kindOf(text)}.matches(…) has no meaning`);
    if (text.length > MAX_MATCHED) return new Unknown(`a text longer than ${MAX_MATCHED} characters is not matched`);
    return spend(frame, 1 + Math.floor((text.length * cost) / INSTRUCTIONS_A_STEP)) ? program.test(text) : OVER_COST;
  };
}

function programOf(pattern: string, call: Call): RE2JS {
  if (pattern.length > 512) return call.refuse('the pattern of matches() is longer than 512 characters');
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return call.refuse(
      `the pattern of matches() is not taken: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
  }
}

const size: Run = ([value = null], frame) => {
  if (typeof value === 'string') return spend(frame, value.length >> 6) ? BigInt(Array.from(value).length) : OVER_COST;
  if (isList(value)) return BigInt(value.length);
  return isMap(value) ? BigInt(Object.keys(value).length) : new Unknown(`size(${kindOf(value)}) has no meaning`);
};

/** A part of a timestamp, in UTC or in the time zone given as a text; of a duration the whole number of `unit`s. */
function clock(name: string, part: (moment: Date) => number, unit?: number): Tables {
  const inZone = (call: Call): Run => {
    const format = formatOf(call);
    return ([moment = null]) =>
      moment instanceof Date ? BigInt(part(shifted(moment, format))) : notA('timestamp', moment);
  };
  const plain: Run = ([value = null]) => {
    if (value instanceof Date) return BigInt(part(value));
    if (value instanceof Duration && unit) return BigInt(Math.trunc(value.milliseconds / unit));
    return notA('timestamp', value);
  };
  return { [`${name}/0`]: () => plain, [`${name}/1`]: inZone };
}

function formatOf(call: Call): Intl.DateTimeFormat {
  const timeZone = call.literal(1);
  if (timeZone === undefined) return call.refuse(`${call.name}() takes its time zone as a text written in the policy`);
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return call.refuse(`${timeZone} is no time zone`);
  }
}

/** A date whose UTC parts are the parts of `moment` on the clocks of the format's time zone. */
function shifted(moment: Date, format: Intl.DateTimeFormat): Date {
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return new Date(Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')));
}

function durationOf(value: Value): Duration | null {
  if (typeof value !== 'string' || value.length > 64) return null;
  const sign = value.startsWith('-') ? -1 : 1;
  const text = value.replace(/^[+-]/, '');
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|ns|h|m|s)/gy)];
  if (parts.length === 0 || parts.reduce((length, [part]) => length + part.length, 0) !== text.length) return null;
  return new Duration(sign * parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0));
}

const numeric = (value: Value): value is number | string =>
  typeof value === 'number' || (typeof value === 'string' && NUMERAL.test(value));

const notA = (kind: string, value: Value): Unknown => new Unknown(`${kindOf(value)} is no ${kind}`);
