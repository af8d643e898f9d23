import { Environment, ParseError, type ParseResult, TypeError as TypeMistake } from '@marcbachmann/cel-js';
import type { Code, Known } from './code.js';
import { MAX_CONDITION } from './document.shape.js';
import { compileExpression } from './expression.js';
import type { Facts } from './facts.js';
import { type Frame, isUnknown, kindOf, OVER_COST, Unknown } from './value.js';
import { VARIABLES } from './variable.js';

/** Steps one condition may take, and all conditions of one evaluation together. */
const STEPS_A_CONDITION = 10_000;
const STEPS_AN_EVALUATION = 100_000;

/** A compiled `when`; `holds` runs it. */
export type Condition = Code;

/** Where the conditions of one evaluation run. */
export const frameFor = (facts: Facts, now: Date, remaining: number = STEPS_AN_EVALUATION): Frame => ({
  facts,
  now,
  bound: [],
  steps: 0,
  remaining,
});

/** Why the text of a condition was refused; `start` is the offset into it. */
export class ConditionError extends Error {
  constructor(
    readonly start: number,
    detail: string,
    source: string,
  ) {
    super(`${detail} (at ${placeIn(source, start)} of the condition)`);
  }
}

/**
 * Type-checks and compiles a CEL expression of type bool over the declared variables. Parts that `known` has are taken
 * from there, and added to it. Throws ConditionError.
 *
 * The library reads and checks the text; running it is ours (expression.ts), because its own run can neither be bounded
 * nor kept from backtracking in `matches()`. Cost is bounded thrice: by the size of the text, by the nesting of loops,
 * and by the steps counted at run time. Numbers of facts are doubles, whole or not; they compare and calculate with
 * whole literals by their size, so `context.riskScore < 60` and `resource.properties.limit * 2 > 50` mean what they say.
 */
export function compileCondition(source: string, known: Known = new Map()): Condition {
  return compileExpression(checked(source).ast, known, (start, detail) => {
    throw new ConditionError(start, detail, source);
  });
}
/** Whether the condition holds. Never throws, and takes no more steps than the frame has left. */
export function holds(condition: Condition, frame: Frame): boolean | Unknown {
  const allowance = Math.min(frame.remaining, STEPS_A_CONDITION);
  if (allowance <= 0) return OVER_COST;
  frame.steps = allowance;
  const value = condition(frame);
  frame.remaining -= allowance - frame.steps;
  if (frame.steps < 0) return OVER_COST;
  return typeof value === 'boolean' || isUnknown(value) ? value : new Unknown(`it is a ${kindOf(value)}, not a bool`);
}

function checked(source: string): ParseResult {
  if (source.length > MAX_CONDITION) throw new ConditionError(0, `longer than ${MAX_CONDITION} characters`, source);
  try {
    const parsed = ENVIRONMENT.parse(source);
    const { valid, type, error } = parsed.check();
    if (!valid) throw error ?? new Error('the condition has no type');
    if (type !== 'bool' && type !== 'dyn') throw new ConditionError(0, `must be a bool, is a ${type}`, source);
    return parsed;
  } catch (error) {
    if (error instanceof ParseError || error instanceof TypeMistake) {
      throw new ConditionError(error.range?.start ?? 0, error.summary.replaceAll('$', ''), source);
    }
    throw error;
  }
}

const ENVIRONMENT = environment();

function environment(): Environment {
  const limits = { maxAstNodes: 600, maxDepth: 40, maxListElements: 400, maxMapEntries: 100, maxCallArguments: 8 };
  const cel = new Environment({ limits, homogeneousAggregateLiterals: false });
  for (const [name, fields] of Object.entries(VARIABLES)) {
    const schema = Object.fromEntries(Object.entries(fields).map(([field, { type }]) => [field, type]));
    cel.registerVariable({ name, schema });
  }
  cel.registerVariable('now', 'google.protobuf.Timestamp');
  for (const operator of ['+', '-', '*', '/', '%']) {
    cel.registerOperator(`double ${operator} int: double`, notRun);
    cel.registerOperator(`int ${operator} double: double`, notRun);
  }
  cel.registerOperator('double % double: double', notRun);
  cel.registerOperator('double == int', notRun);
  return cel;
}

/** The library only checks types here. */
function notRun(): never {
  throw new Error('conditions are run by expression.ts');
}

function placeIn(source: string, offset: number): string {
  const before = source.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
