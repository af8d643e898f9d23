import { unprocessable } from '@lexecon/auth';

const DAY_MS = 24 * 3_600_000;
/** Days until an agent is looked at again when nobody says when, and at most (a year, leap years included). */
const USUAL_DAYS = 90;
const LONGEST_DAYS = 366;

/** YYYY-MM-DD, in UTC. */
export const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

export const usualReviewDay = (now: Date): string => dayOf(new Date(now.getTime() + USUAL_DAYS * DAY_MS));

/** Throws ProblemError 422 unless the day (YYYY-MM-DD) is today or within a year. */
export function requireTerm(reviewBy: string, now: Date): void {
  const last = dayOf(new Date(now.getTime() + LONGEST_DAYS * DAY_MS));
  if (reviewBy < dayOf(now) || reviewBy > last)
    throw unprocessable([{ pointer: '/reviewBy', detail: `must be a day from today to ${last}` }]);
}

/** Unix milliseconds of the end (UTC) of that day, `days` later. */
export const endOfDay = (day: string, days: number): number => Date.parse(`${day}T00:00:00Z`) + (days + 1) * DAY_MS;
