/** A value JSON can carry without loss (I-JSON). */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const NEEDS_ESCAPE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The canonical text of `value` by RFC 8785 (JCS): members ordered by UTF-16 code units, ECMAScript numbers, no spaces.
 * Equal values give equal text. Throws TypeError for what has no canonical form: NaN, infinities, undefined (also as a
 * member or a hole of an array), lone surrogates, and objects that are not plain data (dates, buffers, maps).
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return numeral(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null) return 'null';
  if (typeof value !== 'object') throw new TypeError(`canonical JSON cannot carry ${typeof value}`);
  return Array.isArray(value) ? list(value) : members(value as { readonly [key: string]: Json });
}

function quoted(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  if (LONE_SURROGATE.test(text)) throw new TypeError('canonical JSON cannot carry a lone surrogate');
  return JSON.stringify(text);
}

function numeral(number: number): string {
  if (!Number.isFinite(number)) throw new TypeError(`canonical JSON cannot carry ${number}`);
  return `${number}`;
}

function list(items: readonly Json[]): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ',';
    text += canonicalJson(items[i] as Json);
  }
  return `${text}]`;
}

function members(object: { readonly [key: string]: Json }): string {
  if (!isPlain(object)) throw new TypeError('canonical JSON cannot carry an object that is not plain data');
  const names = sorted(Object.keys(object));
  let text = '{';
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (i > 0) text += ',';
    text += `${quoted(name)}:${canonicalJson(object[name] as Json)}`;
  }
  return `${text}}`;
}

function isPlain(object: object): boolean {
  return !(Symbol.iterator in object) && !('toJSON' in object && typeof object.toJSON === 'function');
}

/** Default order of JavaScript strings is by UTF-16 code units, which is what the RFC asks for. */
function sorted(names: string[]): string[] {
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] as string) > (names[i] as string)) return names.sort();
  }
  return names;
}
