import type { Json } from '@lexecon/crypto';
import { Invalid } from './verdict.js';

export type Members = Readonly<Record<string, Json>>;

/** Readers of JSON values: each takes a value and what to call it, and throws Invalid when it is of another shape. */

export function objectOf(value: Json | undefined, name: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Invalid(`${name} is not an object`);
  return value as Members;
}

/** An object with exactly these members, but for the optional ones: an unknown one may say what nothing here proves. */
export function membersOf(
  value: Json | undefined,
  name: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Members {
  const members = objectOf(value, name);
  const missing = required.find((member) => !Object.hasOwn(members, member));
  if (missing !== undefined) throw new Invalid(`${name} has no member "${missing}"`);
  const unknown = Object.keys(members).find((member) => !required.includes(member) && !optional.includes(member));
  if (unknown !== undefined) throw new Invalid(`${name} has a member "${unknown}" that nothing proves`);
  return members;
}

export function textOf(value: Json | undefined, name: string): string {
  if (typeof value !== 'string') throw new Invalid(`${name} is not a text`);
  return value;
}

export function countOf(value: Json | undefined, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Invalid(`${name} is not a whole number from 0 on`);
  return value;
}

export function listOf<T>(value: Json | undefined, name: string, read: (item: Json, name: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw new Invalid(`${name} is not a list`);
  return value.map((item: Json, i) => read(item, `${name}/${String(i)}`));
}

export const textsOf = (value: Json | undefined, name: string): readonly string[] => listOf(value, name, textOf);

export const orNull = <T>(value: Json | undefined, read: (value: Json | undefined) => T): T | null =>
  value === null ? null : read(value);

/** 32 bytes each. */
export function hashesOf(value: readonly string[], name: string): Buffer[] {
  return value.map((text, i) => hashOf(text, `${name}/${String(i)}`));
}

function hashOf(text: string, name: string): Buffer {
  const bytes = bytesOfBase64(text, name);
  if (bytes.length !== 32) throw new Invalid(`${name} is not a hash of 32 bytes`);
  return bytes;
}

export function bytesOfBase64(text: string, name: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new Invalid(`${name} is not base64 as it should be written`);
  return bytes;
}
