import type { Json } from '@lexecon/crypto';
import { secondsOf } from './duration.js';

export type JsonObject = { readonly [key: string]: Json };

/** One description of what a document may look like: `read` checks and completes by it, the JSON schema is made of it. */
export type Shape =
  | { readonly kind: 'text'; readonly max: number; readonly pattern?: RegExp; readonly says?: string }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'boolean' }
  /** ISO 8601 in the document, seconds afterwards; `min` and `max` in seconds. */
  | { readonly kind: 'duration'; readonly min: number; readonly max: number }
  | { readonly kind: 'list'; readonly item: Shape; readonly min: number; readonly max: number }
  | { readonly kind: 'record'; readonly members: Readonly<Record<string, Member>>; readonly some?: boolean }
  /** Any JSON object; with `orNull` also null. */
  | { readonly kind: 'free'; readonly orNull?: boolean };

export interface Member {
  readonly shape: Shape;
  readonly about: string;
  readonly required?: boolean;
  /** Filled in when the member is absent. A duration's default is in ISO 8601. */
  readonly default?: Json;
}

export type Report = (pointer: string, detail: string) => void;

/** The value with defaults filled in and durations in seconds. Everything that is wrong is reported, nothing thrown;
 *  after a report the result is only good for looking for more. */
export function read(shape: Shape, value: Json, pointer: string, report: Report): Json {
  const detail = mismatch(shape, value);
  if (detail) {
    report(pointer, detail);
    return value;
  }
  if (shape.kind === 'duration' && typeof value === 'string') return secondsOf(value) ?? 0;
  if (shape.kind === 'list' && isList(value)) {
    return value.map((item, i) => read(shape.item, item, `${pointer}/${i}`, report));
  }
  if (shape.kind === 'record' && isObject(value)) return readRecord(shape.members, value, pointer, report);
  return value;
}

function readRecord(
  members: Readonly<Record<string, Member>>,
  value: JsonObject,
  pointer: string,
  report: Report,
): JsonObject {
  const result: Record<string, Json> = {};
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(members, name))
      report(step(pointer, name), `unknown member; known are ${words(Object.keys(members))}`);
  }
  for (const [name, member] of Object.entries(members)) {
    const given = Object.hasOwn(value, name) ? value[name] : member.default;
    if (given !== undefined) result[name] = read(member.shape, given, step(pointer, name), report);
    else if (member.required) report(step(pointer, name), 'is required');
  }
  return result;
}

function mismatch(shape: Shape, value: Json): string | null {
  switch (shape.kind) {
    case 'text':
      return mismatchOfText(shape, value);
    case 'choice':
      return typeof value === 'string' && shape.of.includes(value) ? null : `must be ${words(shape.of, 'or')}`;
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) && value >= shape.min && value <= shape.max
        ? null
        : `must be a whole number from ${shape.min} to ${shape.max}`;
    case 'number':
      return typeof value === 'number' && value >= shape.min && value <= shape.max
        ? null
        : `must be a number from ${shape.min} to ${shape.max}`;
    case 'boolean':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'duration':
      return mismatchOfDuration(shape, value);
    case 'list':
      if (!isList(value)) return 'must be a list';
      return value.length >= shape.min && value.length <= shape.max
        ? null
        : `must have ${shape.min} to ${shape.max} entries, has ${value.length}`;
    case 'record':
      if (!isObject(value)) return 'must be an object';
      return shape.some && Object.keys(value).length === 0
        ? `must have at least one of ${words(Object.keys(shape.members))}`
        : null;
    case 'free':
      return isObject(value) || (shape.orNull && value === null) ? null : 'must be an object';
  }
}

function mismatchOfText(shape: Shape & { kind: 'text' }, value: Json): string | null {
  if (typeof value !== 'string') return 'must be a text';
  if (value.length === 0) return 'must not be empty';
  if (value.length > shape.max) return `must be at most ${shape.max} characters long`;
  if (shape.pattern && !shape.pattern.test(value)) return `must be ${shape.says ?? `like ${shape.pattern.source}`}`;
  return null;
}

function mismatchOfDuration(shape: Shape & { kind: 'duration' }, value: Json): string | null {
  const seconds = typeof value === 'string' ? secondsOf(value) : null;
  if (seconds === null) return 'must be an ISO 8601 duration such as PT4H';
  return seconds >= shape.min && seconds <= shape.max ? null : `must be ${shape.min} to ${shape.max} seconds long`;
}

export const isList = (value: unknown): value is readonly Json[] => Array.isArray(value);
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value);

/** One step further down a JSON pointer. */
export const step = (pointer: string, name: string): string =>
  `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function words(names: readonly string[], last = 'and'): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}`;
}
