import type { ASTNode } from '@marcbachmann/cel-js';
import type { Frame, Value } from './value.js';

/** A compiled piece of a condition. Never throws; a value it cannot find is an Unknown. */
export type Code = (frame: Frame) => Value;

/** Compiled parts by their text, shared by the conditions of a set so that they stay in the processor's cache. */
export type Known = Map<string, Code>;

/** Names bound by loops, with their slot in the frame. */
export type Scope = readonly string[];

export interface Compiler {
  readonly compile: (node: ASTNode, scope: Scope) => Code;
  readonly refuse: (node: ASTNode, detail: string) => never;
}
