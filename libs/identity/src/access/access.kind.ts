import type { Json } from '@lexecon/crypto';
import type { EntryKind, SealedGroup } from '@lexecon/ledger/core';

/** What can happen to somebody's access. The names stand in the ledger for good. */
export type AccessEvent =
  | 'actor-registered'
  | 'actor-changed'
  | 'key-issued'
  | 'key-renewed'
  | 'key-revoked'
  | 'setup'
  | 'person-invited'
  | 'person-activated'
  | 'factor-enrolled'
  | 'login'
  | 'login-failed'
  | 'logout';

export interface AccessRecord {
  /** UUIDv7, 16 bytes. */
  readonly entryId: Buffer;
  readonly timeMs: number;
  readonly event: AccessEvent;
  /** What anybody may read: never a person's name, e-mail, account or full address. */
  readonly facts: Readonly<Record<string, Json>>;
  readonly sealed: readonly SealedGroup[];
}

/** The ledger entry of every change of access, login and failed login. */
export const AccessKind: EntryKind<AccessRecord> = {
  name: 'access',
  encode: ({ entryId, timeMs, event, facts, sealed }) => ({
    entryId,
    timeMs,
    class: 'audit',
    public: { ...facts, event },
    sealed,
  }),
};
