export type Matcher = (value: string) => boolean;

const MATCH_ALL: Matcher = () => true;
const WILDCARD = /\*+/;

/**
 * Compiles a glob, anchored at both ends: `*` is one or more characters except `:` and `/`, `**` any characters (also
 * none), everything else stands for itself. Matching takes time linear in the value, whatever the pattern.
 */
export function glob(pattern: string): Matcher {
  if (pattern === '**') return MATCH_ALL;
  const star = pattern.indexOf('*');
  if (star < 0) return (value) => value === pattern;
  const head = pattern.slice(0, star);
  const rest = pattern.slice(star);
  if (rest === '**') return (value) => value.startsWith(head);
  if (rest === '*') return (value) => value.length > star && value.startsWith(head) && isSegment(value, star);
  const automaton = automatonOf(tokensOf(rest));
  const tail = pattern.slice(pattern.lastIndexOf('*') + 1);
  return (value) => value.startsWith(head) && value.endsWith(tail) && runs(automaton, value, star);
}

/** What is wrong with `pattern` as a glob, or null. */
export function globProblem(pattern: string): string | null {
  return pattern.includes('***') ? 'three or more * in a row mean nothing: use * or **' : null;
}

export const isGlob = (pattern: string): boolean => pattern.includes('*');

/** True when one of the patterns matches. */
export function anyGlob(patterns: readonly string[]): Matcher {
  const exact = new Set(patterns.filter((pattern) => !isGlob(pattern)));
  const globs = patterns.filter(isGlob).map(glob);
  const [only] = exact;
  if (globs.length === 0) return exact.size === 1 ? (value) => value === only : (value) => exact.has(value);
  const [first] = globs;
  if (exact.size === 0 && globs.length === 1 && first) return first;
  return (value) => exact.has(value) || globs.some((matches) => matches(value));
}

/** The part of a glob before its first wildcard, cut back to the last `:` or `/`: every value it matches starts so. */
export function stemOf(pattern: string): string {
  const head = pattern.slice(0, pattern.search(WILDCARD));
  return head.slice(0, Math.max(head.lastIndexOf(':'), head.lastIndexOf('/')) + 1);
}

/** Every stem under which a glob matching `value` can stand: the empty one and one for each `:` and `/`. */
export function stemsOf(value: string): string[] {
  const stems = [''];
  for (let i = 0; i < value.length; i++) if (isSeparator(value.charCodeAt(i))) stems.push(value.slice(0, i + 1));
  return stems;
}

const ONE = 1;
const MANY = 2;
type Token = string | typeof ONE | typeof MANY;

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const part of pattern.split(/(\*+)/)) {
    if (part === '*') tokens.push(ONE);
    else if (part === '**') tokens.push(MANY);
    else tokens.push(...part.split(''));
  }
  return tokens;
}

const WORD = 32;

/** Sets of places in a pattern, one bit each: place `i` is before token `i`. */
type Places = Uint32Array;

/** A glob whose alternatives run side by side, 32 places in one step: a character of the value costs one step for every 32 tokens. */
interface Automaton {
  readonly words: number;
  /** Before a token that takes exactly this character. */
  readonly before: ReadonlyMap<number, Places>;
  readonly one: Places;
  readonly many: Places;
  readonly end: number;
}

function automatonOf(tokens: readonly Token[]): Automaton {
  const words = Math.floor(tokens.length / WORD) + 1;
  const before = new Map<number, Places>();
  const [one, many, none] = [new Uint32Array(words), new Uint32Array(words), new Uint32Array(words)];
  tokens.forEach((token, place) => {
    if (token === ONE) mark(one, place);
    else if (token === MANY) mark(many, place);
    else {
      const code = token.charCodeAt(0);
      before.set(code, mark(before.get(code) ?? none.slice(), place));
    }
  });
  return { words, before, one, many, end: tokens.length };
}

function mark(places: Places, place: number): Places {
  places[place >>> 5] = (places[place >>> 5] ?? 0) | (1 << (place & 31));
  return places;
}

/** Whether the value from `from` on is matched to its end. */
function runs({ words, before, one, many, end }: Automaton, value: string, from: number): boolean {
  let live = mark(new Uint32Array(words), 0);
  let next: Places = new Uint32Array(words);
  skipMany(live, many);
  for (let at = from; at < value.length; at++) {
    const code = value.charCodeAt(at);
    const literal = before.get(code);
    const open = isSeparator(code) ? 0 : ~0;
    let carry = 0;
    let alive = 0;
    for (let w = 0; w < words; w++) {
      const now = live[w] ?? 0;
      const repeated = now & (one[w] ?? 0) & open;
      const passed = (now & (literal?.[w] ?? 0)) | repeated;
      next[w] = (passed << 1) | carry | repeated | (now & (many[w] ?? 0));
      carry = passed >>> 31;
      alive |= next[w] ?? 0;
    }
    if (alive === 0) return false;
    skipMany(next, many);
    [live, next] = [next, live];
  }
  return ((live[end >>> 5] ?? 0) & (1 << (end & 31))) !== 0;
}

/** Whoever stands before a `**` stands behind it too; two of them never stand side by side. */
function skipMany(places: Places, many: Places): void {
  let carry = 0;
  for (let w = 0; w < places.length; w++) {
    const before = (places[w] ?? 0) & (many[w] ?? 0);
    places[w] = (places[w] ?? 0) | (before << 1) | carry;
    carry = before >>> 31;
  }
}

function isSegment(value: string, from: number): boolean {
  for (let i = from; i < value.length; i++) if (isSeparator(value.charCodeAt(i))) return false;
  return true;
}

const isSeparator = (code: number): boolean => code === 58 || code === 47;
