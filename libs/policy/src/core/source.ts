import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Json } from '@lexecon/crypto';
import { step } from './shape.js';

/** Where something stands in a text: both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML or JSON text read into plain values that still know where they stood. */
export interface Source {
  readonly value: Json;
  /** The place of the value at `pointer`, or of what would hold it; `offset` characters into it where it is a text
   *  that the document shows as it is. */
  readonly placeOf: (pointer: string, offset?: number) => Place;
}

const MAX_DEPTH = 32;
const MAX_OPEN = 1000;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Reads one document of YAML 1.2 core schema (and so also JSON). Reports syntax errors, duplicate keys, aliases, tags,
 *  keys that are no texts, and numbers that JSON cannot carry; null when there is nothing to go on with. */
export function readSource(
  text: string,
  report: (place: Place, pointer: string, detail: string) => void,
): Source | null {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const parsed = opensTooMuch(text) ? null : composed(text, lines);
  if (!parsed) {
    report({ line: 1, column: 1 }, '', `nested deeper than ${MAX_DEPTH} levels`);
    return null;
  }
  const documents = 'empty' in parsed ? [] : [...parsed];
  const [document, second] = documents;
  if (!document || !document.contents) {
    report({ line: 1, column: 1 }, '', 'the document is empty');
    return null;
  }
  const flaws = [...document.errors, ...document.warnings];
  for (const flaw of flaws) report(at(flaw.pos[0]), '', flaw.message);
  if (second) report(at(second.range?.[0] ?? 0), '', 'there must be one document, not several');
  if (document.errors.length > 0) return null;

  const nodes = new Map<string, Node>();
  const complain = (node: Node | null, pointer: string, detail: string): void =>
    report(at(node?.range?.[0] ?? 0), pointer, detail);
  const value = plain(document.contents, '', { nodes, complain });
  return { value, placeOf: (pointer, offset) => placeOf(text, nodes, at, pointer, offset) };
}

/** Whether brackets are left open far beyond any sense: the reader's time grows with the square of their depth. */
function opensTooMuch(text: string): boolean {
  let open = 0;
  for (let i = 0; i < text.length && open <= MAX_OPEN; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x5b || unit === 0x7b) open++;
    else if ((unit === 0x5d || unit === 0x7d) && open > 0) open--;
  }
  return open > MAX_OPEN;
}

/** Null when the text is nested too deep to be read. */
function composed(text: string, lineCounter: LineCounter): ReturnType<typeof parseAllDocuments> | null {
  // The parser makes an Error for each thing wrong; their stacks, which nobody reads, would take most of its time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parseAllDocuments(text, {
      lineCounter,
      version: '1.2',
      schema: 'core',
      merge: false,
      uniqueKeys: false, // its check takes quadratic time; `plain` has its own
      resolveKnownTags: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

interface Walk {
  readonly nodes: Map<string, Node>;
  readonly complain: (node: Node | null, pointer: string, detail: string) => void;
}

function plain(node: Node, pointer: string, walk: Walk, depth = 0): Json {
  walk.nodes.set(pointer, node);
  if (depth > MAX_DEPTH) walk.complain(node, pointer, `nested deeper than ${MAX_DEPTH} levels`);
  else if (isAlias(node)) walk.complain(node, pointer, 'aliases are not taken: write the value out');
  else if (isSeq<Node>(node)) return node.items.map((item, i) => plain(item, `${pointer}/${i}`, walk, depth + 1));
  else if (isMap<Node, Node | null>(node)) return map(node, pointer, walk, depth);
  else if (isScalar(node)) return scalar(node, pointer, walk);
  return null;
}

function map(node: YAMLMap<Node, Node | null>, pointer: string, walk: Walk, depth: number): Json {
  const members = new Map<string, Json>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) && typeof key.value === 'string' ? key.value : null;
    if (name === null || !isKey(name)) {
      walk.complain(key, pointer, 'a key must be a text without NUL, and not __proto__');
      continue;
    }
    const inner = step(pointer, name);
    if (members.has(name)) walk.complain(key, inner, 'the key is there twice');
    else members.set(name, value ? plain(value, inner, walk, depth + 1) : null);
  }
  return Object.fromEntries(members);
}

const isKey = (name: string): boolean => name !== '__proto__' && !name.includes('\0') && !LONE_SURROGATE.test(name);

function scalar(node: Scalar, pointer: string, { complain }: Walk): Json {
  const { value } = node;
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) complain(node, pointer, 'the text has half a surrogate pair in it');
    if (value.includes('\0')) complain(node, pointer, 'the text has a NUL character in it');
    return value;
  }
  if (typeof value === 'number' && Number.isFinite(value)) {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      complain(node, pointer, 'the number is too large to be exact');
    }
    return Object.is(value, -0) ? 0 : value;
  }
  complain(node, pointer, 'this is no value that JSON can carry');
  return null;
}

function placeOf(
  text: string,
  nodes: ReadonlyMap<string, Node>,
  at: (offset: number) => Place,
  pointer: string,
  offset = 0,
): Place {
  for (let path = pointer; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const node = nodes.get(path);
    if (node?.range) return path === pointer && offset > 0 ? inside(text, node, at, offset) : at(node.range[0]);
    if (path === '') return { line: 1, column: 1 };
  }
}

function inside(text: string, node: Node, at: (offset: number) => Place, offset: number): Place {
  const start = node.range?.[0] ?? 0;
  if (!isScalar(node) || typeof node.value !== 'string') return at(start);
  for (const shift of [0, 1]) {
    if (text.startsWith(node.value, start + shift)) return at(start + shift + offset);
  }
  if (node.type !== 'BLOCK_LITERAL') return at(start);
  const before = node.value.slice(0, offset).split('\n');
  const first = text.indexOf('\n', start) + 1;
  const indent = text.slice(first).search(/[^ ]/);
  return { line: at(first).line + before.length - 1, column: Math.max(indent, 0) + (before.at(-1)?.length ?? 0) + 1 };
}
