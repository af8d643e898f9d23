/** One thing that is wrong with a body or parameter; `pointer` is a JSON pointer into it (RFC 6901). */
export interface FieldProblem {
  readonly pointer: string;
  readonly detail: string;
}

export interface Problem {
  /** HTTP status. */
  readonly status: number;
  /** Last part of the type URN `urn:lexecon:problem:<type>`; listed in docs/api/problems.md. */
  readonly type: string;
  readonly title: string;
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  /** Seconds after which trying again makes sense (503, 429). */
  readonly retryAfter?: number;
}

/** An expected refusal on its way to the caller as RFC 9457 problem+json. Anything else that is thrown is a fault. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

export const notFound = (what: string): ProblemError =>
  new ProblemError({ status: 404, type: 'not-found', title: 'Not found', detail: `There is no such ${what}.` });

export const unprocessable = (errors: readonly FieldProblem[]): ProblemError =>
  new ProblemError({ status: 422, type: 'invalid', title: 'The request is not valid', errors });
