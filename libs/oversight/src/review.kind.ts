import { byteaArray, textArray, uuidArray } from '@lexecon/ledger';
import { bytesOfUuid, type Entry, type EntryKind } from '@lexecon/ledger/core';

export type OnExpiry = 'deny' | 'permit';

/** A self-contained case: what a person needs to judge an escalation, and what an approval will be bound to. */
export interface ReviewOpened {
  readonly event: 'opened';
  readonly id: string;
  readonly decisionId: string;
  readonly openedAt: Date;
  readonly expiresAt: Date;
  /** Each of them must be among those who approve. */
  readonly roles: readonly string[];
  readonly quorum: number;
  readonly onExpiry: OnExpiry;
  /** Account of the caller, who may not approve. */
  readonly requester: string;
  /** Keyed hash of exactly what was asked, 32 bytes. */
  readonly digest: Buffer;
}

export interface ReviewExpired {
  readonly event: 'expired';
  readonly entryId: string;
  readonly id: string;
  readonly decisionId: string;
  readonly at: Date;
  readonly outcome: OnExpiry;
}

/** Reviews are ledger entries about their decision. */
export const ReviewKind: EntryKind<ReviewOpened> = {
  name: 'review',
  encode: (review): Entry => ({
    entryId: bytesOfUuid(review.id),
    timeMs: review.openedAt.getTime(),
    class: 'audit',
    ref: bytesOfUuid(review.decisionId),
    public: {
      event: review.event,
      roles: review.roles,
      quorum: review.quorum,
      expiresAt: review.expiresAt.toISOString(),
      onExpiry: review.onExpiry,
    },
    sealed: [],
  }),
  persist: [
    {
      table: 'review',
      sql: (p) =>
        `INSERT INTO oversight.review (id, decision_id, status, roles, quorum, opened_at, expires_at, on_expiry, requester, digest)
         SELECT i, d, 'pending', string_to_array(r, ','), q, o, e, x, w, g
         FROM unnest(${p(0)}::uuid[], ${p(1)}::uuid[], ${p(2)}::text[], ${p(3)}::smallint[], ${p(4)}::timestamptz[],
           ${p(5)}::timestamptz[], ${p(6)}::text[], ${p(7)}::uuid[], ${p(8)}::bytea[]) u(i, d, r, q, o, e, x, w, g), a
         WHERE a.fresh`,
      values: (reviews) => [
        uuidArray(reviews.map((review) => bytesOfUuid(review.id))),
        uuidArray(reviews.map((review) => bytesOfUuid(review.decisionId))),
        textArray(reviews.map((review) => review.roles.join(','))),
        reviews.map((review) => review.quorum),
        reviews.map((review) => review.openedAt),
        reviews.map((review) => review.expiresAt),
        textArray(reviews.map((review) => review.onExpiry)),
        uuidArray(reviews.map((review) => bytesOfUuid(review.requester))),
        byteaArray(reviews.map((review) => review.digest)),
      ],
    },
  ],
};

export const ReviewExpiredKind: EntryKind<ReviewExpired> = {
  name: 'review',
  encode: (review): Entry => ({
    entryId: bytesOfUuid(review.entryId),
    timeMs: review.at.getTime(),
    class: 'audit',
    ref: bytesOfUuid(review.id),
    public: { event: review.event, outcome: review.outcome, decision: review.decisionId },
    sealed: [],
  }),
};
