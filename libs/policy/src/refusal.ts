import { ProblemError } from '@lexecon/auth';

/** 409. */
export const conflict = (type: string, detail: string): ProblemError =>
  new ProblemError({ status: 409, type, title: 'That cannot be done now', detail });

/** 403: four eyes. */
export const ownWork = (): ProblemError =>
  new ProblemError({
    status: 403,
    type: 'own-work',
    title: 'Somebody else has to approve',
    detail: 'A version is approved by somebody who did not write it.',
  });

/** 503, to be tried again after a second. */
export const unavailable = (type: string, title: string): ProblemError =>
  new ProblemError({ status: 503, type, title, retryAfter: 1 });
