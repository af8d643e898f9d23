export { type CaseResult, type Expectation, type PolicyCase, readCases, runCases } from './case.js';
export type { RuleName } from './combine.js';
export {
  compile,
  compileAsync,
  type CompileOptions,
  type PolicySet,
  type PolicyVersion,
  type RuleRef,
  setHashOf,
} from './compile.js';
export {
  type Effect,
  hashOf,
  type Mode,
  type Obligation,
  type PolicyDocument,
  type Risk,
  type Rule,
} from './document.js';
export { evaluate, type EvaluateOptions } from './evaluate.js';
export { type Explanation, explain } from './explain.js';
export {
  type ActorRef,
  type Facts,
  type KnownFacts,
  mergeFacts,
  type RequestedFacts,
  SENSITIVITIES,
  type Sensitivity,
} from './facts.js';
export { anyGlob, glob, globProblem, isGlob, type Matcher, stemOf, stemsOf } from './glob.js';
export { type Parsed, parsePolicy, type PolicyProblem } from './parse.js';
export { casesSchema, policySchema } from './schema.js';
export type { JsonObject } from './shape.js';
export type { Outcome, ReviewAsked, TraceEntry, Verdict } from './verdict.js';
