import { ProblemError } from '@lexecon/auth';

/** 401: what was sent to sign in, to set up or to confirm does not count. The detail never says which part was wrong. */
export const notAccepted = (detail: string): ProblemError =>
  new ProblemError({ status: 401, type: 'not-accepted', title: 'Not accepted', detail });

/** 409. */
export const conflict = (detail: string): ProblemError =>
  new ProblemError({ status: 409, type: 'conflict', title: 'Already there', detail });

export const emailTaken = (): ProblemError => conflict('The e-mail address has an account.');

/** 503, to be tried again after a second. */
export const unavailable = (title: string, type = 'unavailable'): ProblemError =>
  new ProblemError({ status: 503, type, title, retryAfter: 1 });
