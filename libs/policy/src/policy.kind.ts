import type { Json } from '@lexecon/crypto';
import type { EntryKind, SealedGroup } from '@lexecon/ledger/core';

/** What can happen to policies and the catalogue. The names stand in the ledger for good. */
export type PolicyEvent =
  | 'policy-written'
  | 'policy-approved'
  | 'policy-activated'
  | 'policy-retired'
  | 'resource-catalogued'
  | 'resource-removed';

export interface PolicyRecord {
  /** UUIDv7, 16 bytes. */
  readonly entryId: Buffer;
  readonly timeMs: number;
  readonly event: PolicyEvent;
  /** What anybody may read: never who did it, when that was a person. */
  readonly facts: Readonly<Record<string, Json>>;
  readonly sealed: readonly SealedGroup[];
}

/** The ledger entry of every change of what is allowed. */
export const PolicyKind: EntryKind<PolicyRecord> = {
  name: 'policy',
  encode: ({ entryId, timeMs, event, facts, sealed }) => ({
    entryId,
    timeMs,
    class: 'audit',
    public: { ...facts, event },
    sealed,
  }),
};
