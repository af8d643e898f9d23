import type { ASTNode } from '@marcbachmann/cel-js';
import { calculate, negate } from './arithmetic.js';
import { type Call, FUNCTIONS, METHODS } from './function.js';
import type { Code, Compiler, Known, Scope } from './code.js';
import {
  choose,
  compileEquality,
  compileEqualityTo,
  compileMembership,
  compileOrder,
  compileOrderTo,
  logical,
  not,
} from './operator.js';
import { compileLoop, isLoop } from './loop.js';
import { isList, isMap, isNumber, isUnknown, kindOf, OVER_COST, spend, Unknown, type Value } from './value.js';
import { fieldOf, VARIABLES } from './variable.js';

/** Compiles a checked expression to closures. `refuse` is called, and must throw, for what policies may not use. */
export function compileExpression(ast: ASTNode, known: Known, refuse: (start: number, detail: string) => never): Code {
  const compiler: Compiler = {
    compile: (node, scope) => {
      if (scope.length > 0) return compileNode(node, scope, compiler);
      const text = node.input.slice(node.range.start, node.range.end);
      const code = known.get(text) ?? compileNode(node, scope, compiler);
      known.set(text, code);
      return code;
    },
    refuse: (node, detail) => refuse(node.start, detail),
  };
  return compiler.compile(ast, []);
}

function compileNode(node: ASTNode, scope: Scope, to: Compiler): Code {
  switch (node.op) {
    case 'value':
      return compileLiteral(node, to);
    case 'id':
      return compileName(node, node.args, scope, to);
    case '.':
      return compileField(node, node.args[0], node.args[1], scope, to);
    case '[]':
      return compileIndex(node, node.args, scope, to);
    case 'call':
    case 'rcall':
      return compileCall(node, scope, to);
    case 'list': {
      const items = node.args.map((item) => to.compile(item, scope));
      return (frame) => firstUnknown(items.map((item) => item(frame)));
    }
    case 'map':
      return compileMap(node.args, scope, to);
    case '?:': {
      const [condition, yes, no] = [node.args[0], node.args[1], node.args[2]].map((part) => to.compile(part, scope));
      return condition && yes && no
        ? (frame) => choose(condition(frame), yes, no, frame)
        : to.refuse(node, 'incomplete');
    }
    case '||':
    case '&&': {
      const [left, right] = [to.compile(node.args[0], scope), to.compile(node.args[1], scope)];
      return logical(left, right, node.op === '||');
    }
    case '!_': {
      const operand = to.compile(node.args, scope);
      return (frame) => not(operand(frame));
    }
    case '-_': {
      const operand = to.compile(node.args, scope);
      return (frame) => negate(operand(frame));
    }
    case '==':
    case '!=':
      return compileSameness(node.args, node.op === '==', scope, to);
    case 'in':
      return compileMembership(to.compile(node.args[0], scope), to.compile(node.args[1], scope));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileComparison(node.args, node.op, scope, to);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%': {
      const { op } = node;
      const [left, right] = [to.compile(node.args[0], scope), to.compile(node.args[1], scope)];
      return (frame) => calculate(op, left(frame), right(frame), frame);
    }
    case '.?':
    case '[?]':
      return to.refuse(node, 'optional access is not available in policies');
  }
}

function compileSameness([a, b]: readonly [ASTNode, ASTNode], wanted: boolean, scope: Scope, to: Compiler): Code {
  const left = to.compile(a, scope);
  const text = literalOf(b);
  return text === undefined
    ? compileEquality(left, to.compile(b, scope), wanted)
    : compileEqualityTo(left, text, wanted);
}

function compileComparison(
  [a, b]: readonly [ASTNode, ASTNode],
  operator: '<' | '<=' | '>' | '>=',
  scope: Scope,
  to: Compiler,
): Code {
  const left = to.compile(a, scope);
  return b.op === 'value' && (typeof b.args === 'number' || typeof b.args === 'bigint')
    ? compileOrderTo(left, b.args, operator)
    : compileOrder(left, to.compile(b, scope), operator);
}

function compileLiteral(node: ASTNode & { op: 'value' }, to: Compiler): Code {
  const value = node.args;
  if (typeof value === 'object' && value !== null)
    return to.refuse(node, 'bytes and unsigned numbers are not available');
  return () => value;
}

function compileName(node: ASTNode, name: string, scope: Scope, to: Compiler): Code {
  const slot = scope.lastIndexOf(name);
  if (slot >= 0) return ({ bound }) => bound[slot] ?? null;
  if (name === 'now') return ({ now }) => now;
  return to.refuse(
    node,
    Object.hasOwn(VARIABLES, name) ? `${name} must be followed by one of its fields` : `unknown name ${name}`,
  );
}

function compileField(node: ASTNode, of: ASTNode, name: string, scope: Scope, to: Compiler): Code {
  if (of.op === 'id' && !scope.includes(of.args) && Object.hasOwn(VARIABLES, of.args)) {
    return fieldOf(of.args, name)?.read ?? to.refuse(node, `${of.args} has no field ${name}`);
  }
  const owner = to.compile(of, scope);
  const absent = new Unknown(`${textOf(node)} is absent`);
  return (frame) => {
    const map = owner(frame);
    if (isUnknown(map)) return map;
    return isMap(map) && Object.hasOwn(map, name) ? (map[name] ?? null) : absent;
  };
}

function compileIndex(node: ASTNode, [of, at]: readonly [ASTNode, ASTNode], scope: Scope, to: Compiler): Code {
  const [owner, index] = [to.compile(of, scope), to.compile(at, scope)];
  const absent = new Unknown(`${textOf(node)} is absent`);
  return (frame) => {
    const from = owner(frame);
    const key = index(frame);
    if (isUnknown(from)) return from;
    if (isUnknown(key)) return key;
    if (isList(from) && isNumber(key)) return from[Number(key)] ?? absent;
    return isMap(from) && typeof key === 'string' && Object.hasOwn(from, key) ? (from[key] ?? null) : absent;
  };
}

function compileMap(entries: readonly (readonly [ASTNode, ASTNode])[], scope: Scope, to: Compiler): Code {
  const pairs = entries.map(([key, value]) => [to.compile(key, scope), to.compile(value, scope)] as const);
  return (frame) => {
    const members: [string, Value][] = [];
    for (const [keyOf, valueOf] of pairs) {
      const key = keyOf(frame);
      const value = valueOf(frame);
      if (isUnknown(value)) return value;
      if (typeof key !== 'string') return isUnknown(key) ? key : new Unknown('the keys of a map must be texts');
      members.push([key, value]);
    }
    return Object.fromEntries(members);
  };
}

function compileCall(node: ASTNode & { op: 'call' | 'rcall' }, scope: Scope, to: Compiler): Code {
  const [name] = node.args;
  const given = node.op === 'rcall' ? node.args[2] : node.args[1];
  const nodes = node.op === 'rcall' ? [node.args[1], ...node.args[2]] : node.args[1];
  if (name === 'has' && node.op === 'call') return compileHas(node, given[0], scope, to);
  if (node.op === 'rcall' && isLoop(name, given.length)) return compileLoop(name, node, scope, to);
  const table = node.op === 'rcall' ? METHODS : FUNCTIONS;
  const key = `${name}/${given.length}`;
  const make = Object.hasOwn(table, key) ? table[key] : undefined;
  if (!make) return to.refuse(node, `${name}() is not available in policies`);
  const call: Call = {
    name,
    literal: (index) => literalOf(nodes[index]),
    refuse: (detail) => to.refuse(node, detail),
  };
  const run = make(call);
  const args = nodes.map((arg) => to.compile(arg, scope));
  return (frame) => {
    const values = firstUnknown(args.map((arg) => arg(frame)));
    return isUnknown(values) ? values : spend(frame, 1) ? run(values, frame) : OVER_COST;
  };
}

/** `has(a.b.c)`: whether `c` is there; unknown when `a.b` is not. */
function compileHas(node: ASTNode, of: ASTNode | undefined, scope: Scope, to: Compiler): Code {
  if (of?.op !== '.') return to.refuse(node, 'has() takes a field');
  const [holder, name] = of.args;
  if (holder.op === 'id' && !scope.includes(holder.args)) {
    const field = to.compile(of, scope);
    return (frame) => !isUnknown(field(frame));
  }
  const owner = to.compile(holder, scope);
  return (frame) => {
    const map = owner(frame);
    if (isUnknown(map)) return map;
    return isMap(map) ? Object.hasOwn(map, name) : new Unknown(`${kindOf(map)} has no fields`);
  };
}

function firstUnknown(values: readonly Value[]): readonly Value[] | Unknown {
  for (const value of values) if (isUnknown(value)) return value;
  return values;
}

const literalOf = (node: ASTNode | undefined): string | undefined =>
  node?.op === 'value' && typeof node.args === 'string' ? node.args : undefined;

const textOf = (node: ASTNode): string => node.input.slice(node.range.start, node.range.end).slice(0, 120);
