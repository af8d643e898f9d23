import type { ASTNode } from '@marcbachmann/cel-js';
import type { Code, Compiler, Scope } from './code.js';
import { type Frame, isList, isMap, isUnknown, kindOf, OVER_COST, spend, Unknown, type Value } from './value.js';

const MAX_NESTING = 2;
/** A pass of a loop takes a step for every so many nodes of its body, and one at the least. */
const NODES_A_STEP = 8;

/** What a loop does with its items; `each` binds the variable and gives the value of one part for it. */
type Loop = (items: readonly Value[], parts: readonly Part[], frame: Frame) => Value;
type Part = (item: Value) => Value;

const LOOPS: Readonly<Record<string, Loop>> = {
  'all/2': (items, [predicate]) => quantified(items, predicate, false),
  'exists/2': (items, [predicate]) => quantified(items, predicate, true),
  'exists_one/2': (items, [predicate]) => {
    const found = selected(items, predicate);
    return isUnknown(found) ? found : found.length === 1;
  },
  'filter/2': (items, [predicate]) => selected(items, predicate),
  'map/2': (items, [transform]) => mapped(items, transform),
  'map/3': (items, [predicate, transform]) => {
    const found = selected(items, predicate);
    return isUnknown(found) ? found : mapped(found, transform);
  },
};

export const isLoop = (name: string, count: number): boolean => Object.hasOwn(LOOPS, `${name}/${count}`);

/** Compiles `list.all(x, …)` and the like, over a list or the keys of a map. */
export function compileLoop(name: string, node: ASTNode & { op: 'call' | 'rcall' }, scope: Scope, to: Compiler): Code {
  if (node.op !== 'rcall') return to.refuse(node, `${name}() needs a list before it`);
  const [, receiver, [variable, ...parts]] = node.args;
  const loop = LOOPS[`${name}/${node.args[2].length}`];
  if (!loop || variable?.op !== 'id') return to.refuse(node, `the first argument of ${name}() must be a name`);
  if (scope.length >= MAX_NESTING) return to.refuse(node, `loops may be nested ${MAX_NESTING} deep`);
  const list = to.compile(receiver, scope);
  const slot = scope.length;
  const codes = parts.map((part) => to.compile(part, [...scope, variable.args]));
  const costs = parts.map((part) => 1 + Math.floor(sizeOf(part) / NODES_A_STEP));
  return (frame) => {
    const items = itemsOf(list(frame));
    if (isUnknown(items)) return items;
    const bind = codes.map((code, i): Part => (item) => {
      if (!spend(frame, costs[i] ?? 1)) return OVER_COST;
      frame.bound[slot] = item;
      return code(frame);
    });
    return loop(items, bind, frame);
  };
}

/** How many nodes an expression has: what one run of it costs at most, loops within it apart. */
function sizeOf(part: unknown): number {
  if (Array.isArray(part)) return part.reduce<number>((sum, item) => sum + sizeOf(item), 0);
  return typeof part === 'object' && part !== null && 'op' in part && 'args' in part ? 1 + sizeOf(part.args) : 0;
}

function itemsOf(value: Value): readonly Value[] | Unknown {
  if (isUnknown(value) || isList(value)) return value;
  return isMap(value) ? Object.keys(value) : new Unknown(`a ${kindOf(value)} has no items`);
}

/** `exists` and `all`: one item that decides outweighs unknown ones. */
function quantified(items: readonly Value[], predicate: Part | undefined, decides: boolean): Value {
  let unknown: Unknown | null = null;
  for (const item of items) {
    const value = predicate?.(item) ?? null;
    if (value === decides) return decides;
    if (value === OVER_COST) return OVER_COST;
    if (typeof value !== 'boolean') unknown ??= notBool(value);
  }
  return unknown ?? !decides;
}

function selected(items: readonly Value[], predicate: Part | undefined): readonly Value[] | Unknown {
  const found: Value[] = [];
  for (const item of items) {
    const value = predicate?.(item) ?? null;
    if (typeof value !== 'boolean') return notBool(value);
    if (value) found.push(item);
  }
  return found;
}

function mapped(items: readonly Value[], transform: Part | undefined): Value {
  const values: Value[] = [];
  for (const item of items) {
    const value = transform?.(item) ?? null;
    if (isUnknown(value)) return value;
    values.push(value);
  }
  return values;
}

const notBool = (value: Value): Unknown =>
  isUnknown(value) ? value : new Unknown(`a ${kindOf(value)} is no condition`);
