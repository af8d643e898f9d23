import type { Principal } from '@lexecon/auth';
import { ProblemError } from '@lexecon/auth';
import type { Json } from '@lexecon/crypto';
import type { Outcome, ReportItem } from '../core/index.js';

/** A campaign: everything that gives access, each to be confirmed by somebody before the due date. (Not oversight's *review*, which
 *  is about one escalated decision.) */
export interface AccessReview {
  readonly id: string;
  readonly name: string;
  /** `YYYY-MM` of one that the calendar opened. */
  readonly period: string | null;
  readonly openedBy: string | null;
  readonly openedAt: Date;
  readonly dueAt: Date;
  readonly closedAt: Date | null;
  readonly counts: Readonly<Record<Outcome | 'undecided', number>>;
}

/** How the whole of a campaign is stored when it is closed. */
export interface ClosedReview {
  readonly report: string;
  readonly note: string;
  readonly entryId: string;
}

export interface AccessReviewItem extends Omit<ReportItem, 'outcome' | 'decidedAt' | 'reason'> {
  readonly snapshot: Readonly<Record<string, Json>>;
  readonly actorId: string | null;
  readonly grantedBy: string | null;
  readonly outcome: Outcome | null;
  readonly decidedAt: Date | null;
  /** Null when there is none, or it was erased. */
  readonly reason: string | null;
  /** Base64; with the reason it gives the hash in the report. */
  readonly salt: string | null;
  /** Of the person concerned; null when there is none, or they were deleted. */
  readonly email: string | null;
}

export type Decision = 'confirm' | 'revoke';

/** Nobody decides about a role of their own. Whoever gave it, or answers for the agent, may take it back but not confirm it: that is
 *  for somebody who did not want it in the first place. Throws ProblemError 403. */
export function requireReviewer(
  by: Pick<Principal, 'id'>,
  { kind, account, grantedBy }: Pick<AccessReviewItem, 'kind' | 'account' | 'grantedBy'>,
  decision: Decision,
): void {
  if (kind === 'grant' && account === by.id) throw notReviewer('Nobody decides about a role of their own.');
  if (decision === 'confirm' && (account === by.id || grantedBy === by.id))
    throw notReviewer('Whoever gave it or answers for it may revoke it; somebody else has to confirm it.');
}

const notReviewer = (detail: string): ProblemError =>
  new ProblemError({ status: 403, type: 'not-the-reviewer', title: 'Somebody else has to decide', detail });

/** Once everything is decided, or at the due date, there is nothing left to wait for. */
export const isDue = ({ dueAt }: Pick<AccessReview, 'dueAt'>, now: Date): boolean => dueAt <= now;
