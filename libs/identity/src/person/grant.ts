import { ProblemError } from '@lexecon/auth';

/** How somebody came by a role: from a person, by the setup token, from a start, or from the company's directory. */
export type GrantSource = 'person' | 'setup' | 'bootstrap' | 'sso' | 'scim';

/** Why a role is given and until when. */
export interface GrantTerms {
  readonly justification: string;
  /** Where it was asked for, for example the id of a request in the company's tracker. */
  readonly ticket: string;
  readonly endsAt: Date;
}

export interface NewGrant extends GrantTerms {
  readonly accountId: string;
  readonly role: string;
  readonly source: GrantSource;
  /** The account of whoever gives it; null only when no person does. */
  readonly grantedBy: string | null;
}

export interface Grant extends NewGrant {
  readonly id: string;
  readonly grantedAt: Date;
  /** Whether whoever gave it had come in with the break-glass account. */
  readonly byBreakGlass: boolean;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
  readonly endReason: string | null;
  readonly active: boolean;
}

const DAY_MS = 24 * 3_600_000;

/** The last moment of a grant made at `now` that is to last as long as may be. */
export const longestEnd = (now: number, mostDays: number): Date => new Date(now + mostDays * DAY_MS);

/** `endsAt` as a moment. Throws ProblemError 409 when it is not after `now`, or more than `mostDays` ahead. */
export function endOf(endsAt: string, now: number, mostDays: number): Date {
  const end = Date.parse(endsAt);
  if (end > now && end <= longestEnd(now, mostDays).getTime()) return new Date(end);
  throw impossibleEnd(` and within ${String(mostDays)} days`);
}

export const impossibleEnd = (within = ''): ProblemError =>
  new ProblemError({
    status: 409,
    type: 'grant-period',
    title: 'The end date is not possible',
    detail: `A role ends after this moment${within}: choose another endsAt.`,
  });

export const ownGrant = (): ProblemError =>
  new ProblemError({
    status: 403,
    type: 'own-grant',
    title: 'Nobody changes their own access',
    detail: 'Ask another administrator.',
  });

export const tooManyAdministrators = (): ProblemError =>
  new ProblemError({
    status: 409,
    type: 'too-many-administrators',
    title: 'There are two active administrators',
    detail: 'End the role of one of them first, or disable their account.',
  });

export const lastAdministrator = (): ProblemError =>
  new ProblemError({
    status: 409,
    type: 'last-administrator',
    title: 'This is the last active administrator',
    detail: 'Make another administrator first, or seal a break-glass account (POST /api/v1/users/break-glass).',
  });
