import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type FieldProblem, unprocessable } from '@lexecon/auth';
import type { Json } from '@lexecon/crypto';
import { ActivePolicies } from './active-policies.js';
import {
  type CaseResult,
  compileAsync,
  hashOf,
  type Parsed,
  parsePolicy,
  type PolicySet,
  type PolicyVersion,
  readCases,
  runCases,
} from './core/index.js';

export interface Trial {
  readonly passed: boolean;
  readonly policySet: string;
  readonly results: readonly CaseResult[];
}

/** Tries texts out without saving anything. */
@Injectable()
export class PolicyTrial {
  constructor(private readonly policies: ActivePolicies) {}

  validate(source: string): Parsed {
    return parsePolicy(source);
  }

  /** Runs the cases on these texts together, or on the active policies. Throws ProblemError 422 for what is wrong with either. */
  async test(sources: readonly string[] | undefined, given: readonly Json[]): Promise<Trial> {
    const problems: FieldProblem[] = [];
    const cases = readCases(given, (pointer, detail) => problems.push({ pointer: `/cases${pointer}`, detail }));
    const versions = sources && (await parsed(sources, problems));
    if (problems.length > 0) throw unprocessable(problems);
    const set: PolicySet = versions
      ? await compileAsync(versions, { yield: nextTurn, reuse: this.policies.active().set })
      : this.policies.active().set;
    const results: CaseResult[] = [];
    for (const one of cases) {
      results.push(...runCases(set, [one]));
      await nextTurn();
    }
    return { passed: results.every(({ passed }) => passed), policySet: set.hash, results };
  }
}

async function parsed(sources: readonly string[], problems: FieldProblem[]): Promise<readonly PolicyVersion[]> {
  const versions: PolicyVersion[] = [];
  const names = new Set<string>();
  for (const [i, source] of sources.entries()) {
    const read = parsePolicy(source);
    await nextTurn();
    const pointer = `/sources/${String(i)}`;
    if (!read.ok) {
      problems.push(...read.problems.map((problem) => ({ pointer, detail: `${problem.pointer}: ${problem.detail}` })));
      continue;
    }
    const { document } = read;
    if (names.has(document.name)) problems.push({ pointer, detail: `the policy ${document.name} is there twice` });
    names.add(document.name);
    versions.push({ document, version: 1, hash: hashOf(document) });
  }
  return versions;
}
