import type { Receipt } from '@lexecon/ledger/core';
import type { Obligation, Outcome } from '@lexecon/policy/core';
import {
  type DecisionRecord,
  idOf,
  type PublicFields,
  publicFields,
  type RuleView,
  type SealedFields,
  sealedFields,
} from './record.js';

/** What the caller gets, and gets again for the same idempotency key. */
export interface Decision {
  readonly id: string;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly rules: readonly RuleView[];
  readonly obligations: readonly Obligation[];
  readonly policySet: string;
  /** RFC 3339, milliseconds. */
  readonly decidedAt: string;
  readonly review: { readonly id: string; readonly status: string; readonly expiresAt: string } | null;
  readonly token: null;
  readonly receipt: Receipt;
}

export const decisionOf = (record: DecisionRecord, receipt: Receipt): Decision =>
  answerOf(idOf(record), record.decidedAt, publicFields(record), sealedFields(record), 'pending', receipt);

/** The answer from what the ledger holds; the first answer and every repeat are made here. */
export function answerOf(
  id: string,
  decidedAt: Date,
  open: PublicFields,
  sealed: SealedFields,
  reviewStatus: string,
  receipt: Receipt,
): Decision {
  const { answer, request } = sealed;
  return {
    id,
    outcome: open.outcome,
    reason: answer.reason,
    actor: { type: request.actor.type, id: request.actor.id },
    rules: open.rules,
    obligations: answer.obligations,
    policySet: open.policySet,
    decidedAt: decidedAt.toISOString(),
    review:
      open.review === undefined || answer.review === undefined
        ? null
        : { id: open.review, status: reviewStatus, expiresAt: answer.review.expiresAt },
    token: null,
    receipt,
  };
}
