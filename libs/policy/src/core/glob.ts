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
  const tokens = tokensOf(rest);
  const tail = pattern.slice(pattern.lastIndexOf('*') + 1);
  return (value) => value.startsWith(head) && value.endsWith(tail) && simulate(tokens, value, star);
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

/** Runs all alternatives side by side: `live[i]` says that the tokens before `i` can have consumed the value so far. */
function simulate(tokens: readonly Token[], value: string, from: number): boolean {
  let live = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  enter(tokens, live, 0);
  for (let at = from; at < value.length; at++) {
    const separator = isSeparator(value.charCodeAt(at));
    const character = value[at];
    for (let i = 0; i < tokens.length; i++) {
      if (!live[i]) continue;
      const token = tokens[i];
      if (token === MANY) enter(tokens, next, i);
      else if (token === ONE ? !separator : token === character) {
        if (token === ONE) next[i] = 1;
        enter(tokens, next, i + 1);
      }
    }
    [live, next] = [next, live];
    next.fill(0);
  }
  return live[tokens.length] === 1;
}

function enter(tokens: readonly Token[], states: Uint8Array, state: number): void {
  for (let i = state; ; i++) {
    states[i] = 1;
    if (tokens[i] !== MANY) return;
  }
}

function isSegment(value: string, from: number): boolean {
  for (let i = from; i < value.length; i++) if (isSeparator(value.charCodeAt(i))) return false;
  return true;
}

const isSeparator = (code: number): boolean => code === 58 || code === 47;
