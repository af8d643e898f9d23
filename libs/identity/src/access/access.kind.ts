import type { Json } from '@lexecon/crypto';
import { byteaArray, textArray, uuidArray } from '@lexecon/ledger';
import type { EntryKind, Persistence, SealedGroup } from '@lexecon/ledger/core';

/** What can happen to somebody's access. The names stand in the ledger for good. */
export type AccessEvent =
  | 'actor-registered'
  | 'actor-changed'
  | 'actor-reviewed'
  | 'key-issued'
  | 'key-renewed'
  | 'key-revoked'
  | 'key-first-used'
  | 'key-used-elsewhere'
  | 'federation-added'
  | 'federation-removed'
  | 'setup'
  | 'person-invited'
  | 'person-activated'
  | 'person-disabled'
  | 'person-enabled'
  | 'person-deleted'
  | 'grant-given'
  | 'grant-ended'
  | 'password-changed'
  | 'password-reset-issued'
  | 'password-reset'
  | 'break-glass-sealed'
  | 'break-glass-used'
  | 'break-glass-reviewed'
  | 'factor-enrolled'
  | 'provider-login'
  | 'provider-logout'
  | 'identity-linked'
  | 'person-provisioned'
  | 'person-reprovisioned'
  | 'person-changed'
  | 'person-deprovisioned'
  | 'group-changed'
  | 'roles-from-groups'
  | 'factor-removed'
  | 'factors-reset'
  | 'recovery-codes-made'
  | 'recovery-code-used'
  | 'step-up'
  | 'step-up-failed'
  | 'sessions-ended'
  | 'login'
  | 'login-failed'
  | 'logout'
  | 'personal-data-read'
  | 'access-review-opened'
  | 'access-review-decided'
  | 'access-review-kept'
  | 'access-review-closed';

export interface AccessRecord {
  /** UUIDv7, 16 bytes. */
  readonly entryId: Buffer;
  readonly timeMs: number;
  readonly event: AccessEvent;
  /** What anybody may read: never a person's name, e-mail, account or full address. */
  readonly facts: Readonly<Record<string, Json>>;
  readonly sealed: readonly SealedGroup[];
  readonly index: AccessIndex;
}

/** What an event is found by: names of agents, and blind indexes of people, which erasure takes away. */
export interface AccessIndex {
  /** The agent that did it. */
  readonly agent: string | null;
  /** The registered agent or service it was done to. */
  readonly actor: string | null;
  /** The person who did it. */
  readonly byBlind: Buffer | null;
  /** The person it was done to. */
  readonly aboutBlind: Buffer | null;
}

/** The row that an event is searched by. */
const search: Persistence<AccessRecord> = {
  table: 'event',
  sql: (p) =>
    `INSERT INTO identity.access_event (id, event, agent, actor, by_blind, about_blind)
     SELECT i, e, g, t, b, o
     FROM unnest(${p(0)}::uuid[], ${p(1)}::text[], ${p(2)}::text[], ${p(3)}::text[], ${p(4)}::bytea[], ${p(5)}::bytea[])
       u(i, e, g, t, b, o), a
     WHERE a.fresh`,
  values: (records) => [
    uuidArray(records.map((record) => record.entryId)),
    textArray(records.map((record) => record.event)),
    textArray(records.map((record) => record.index.agent)),
    textArray(records.map((record) => record.index.actor)),
    byteaArray(records.map((record) => record.index.byBlind)),
    byteaArray(records.map((record) => record.index.aboutBlind)),
  ],
};

/** The ledger entry of every change of access, login, failed login and read of personal data, and the row it is searched by. */
export const AccessKind: EntryKind<AccessRecord> = {
  name: 'access',
  encode: ({ entryId, timeMs, event, facts, sealed }) => ({
    entryId,
    timeMs,
    class: 'audit',
    public: { ...facts, event },
    sealed,
  }),
  persist: [search],
};
