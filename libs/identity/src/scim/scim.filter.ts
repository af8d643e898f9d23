import { ScimError } from './scim.error.js';

/** `attribute eq "value"`, or `attribute pr`. Attribute names are in lower case. */
export interface Condition {
  readonly attribute: string;
  /** Null: the attribute has some value. */
  readonly value: string | null;
}

const MOST = 5;
const TERM = /^\s*([a-z][\w.:$-]{0,200})\s+(?:(eq)\s+("(?:[^"\\]|\\.)*"|true|false)|(pr))\s*(?:(and)\s+|$)/i;
const PREFIX = /^urn:ietf:params:scim:schemas:core:2\.0:(user|group):/;

/** Conditions that all have to hold (RFC 7644, 3.4.2.2: eq, pr and `and`, as directories send them). Throws ScimError 400 for
 *  anything else, and for attributes that are not among `known`. */
export function parseFilter(filter: string, known: ReadonlySet<string>): readonly Condition[] {
  const conditions: Condition[] = [];
  for (let rest = filter; ;) {
    const [whole, name = '', eq, text = '', , and] = TERM.exec(rest) ?? [];
    if (whole === undefined || conditions.length >= MOST)
      throw refused('only eq and pr, joined by and, are understood');
    const attribute = name.toLowerCase().replace(PREFIX, '');
    if (!known.has(attribute)) throw refused('one of its attributes cannot be searched by');
    conditions.push({ attribute, value: eq === undefined ? null : valueOf(text) });
    rest = rest.slice(whole.length);
    if (and === undefined) return conditions;
  }
}

function valueOf(text: string): string {
  if (!text.startsWith('"')) return text.toLowerCase();
  try {
    return String(JSON.parse(text)).toWellFormed().replaceAll('\0', '');
  } catch {
    throw refused('a value is not well-formed');
  }
}

const refused = (detail: string): ScimError =>
  new ScimError('invalidFilter', 400, `The filter is not accepted: ${detail}.`);
