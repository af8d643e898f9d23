import type { EntityManager } from 'typeorm';
import { parse, v7 as uuid7 } from 'uuid';
import type { Principal } from '@lexecon/auth';
import type { Json } from '@lexecon/crypto';
import type { LedgerService } from '@lexecon/ledger';
import { type SubjectVault, VaultUnavailable } from '@lexecon/vault';
import { type AccessEvent, AccessKind, type AccessRecord } from './access.kind.js';
import { unavailable } from '../refusal.js';

type Fields = Readonly<Record<string, Json>>;

/** One thing that happened, before its personal part is sealed. */
export interface AccessFact {
  readonly event: AccessEvent;
  /** Who did it; undefined when the deployment itself did. */
  readonly by?: Principal | undefined;
  /** Whom it was done to: a person's subject (`account:<uuid>`, `user:<name>`) and what is said about them. */
  readonly about?: { readonly subject: string; readonly fields: Fields } | undefined;
  /** What anybody may read. */
  readonly public?: Fields;
  /** What is neither public nor about the person concerned (free text, attributes): sealed under whoever did it. */
  readonly sealed?: Fields;
}

export const accountSubject = (id: string): string => `account:${id}`;
/** What concerns no person is sealed under the deployment's own key. */
const DEPLOYMENT = 'deployment:';

/** Puts changes of access on record. Sealing comes before the transaction, appending is its last statement. */
export class AccessLog {
  constructor(
    private readonly ledger: Pick<LedgerService, 'appendIn'>,
    private readonly vault: Pick<SubjectVault, 'keysOf'>,
  ) {}

  /** Rejects with ProblemError 503 when the subjects' keys cannot be had: then the change must not be made. */
  async seal({ event, by, about, public: open = {}, sealed = {} }: AccessFact): Promise<AccessRecord> {
    const groups = new Map<string, Fields>();
    const add = (subject: string, fields: Fields): void => {
      if (Object.keys(fields).length > 0) groups.set(subject, { ...groups.get(subject), ...fields });
    };
    if (about) add(about.subject, about.fields);
    if (by?.kind === 'person') add(accountSubject(by.id), { by: by.id, ...sealed });
    else add(DEPLOYMENT, sealed);
    const keys = await this.keysOf([...groups.keys()]);
    const who: Fields = by?.kind === 'agent' ? { by: { type: 'agent', id: by.name } } : {};
    return {
      entryId: Buffer.from(parse(uuid7())),
      timeMs: Date.now(),
      event,
      facts: { ...open, ...who },
      sealed: [...groups.values()].flatMap((fields, at) => {
        const key = keys[at];
        return key ? [{ key, fields }] : [];
      }),
    };
  }

  /** To be called last in the transaction that makes the change: both are durable, or neither. */
  async append(tx: EntityManager, record: AccessRecord): Promise<void> {
    await this.ledger.appendIn(tx, AccessKind, record);
  }

  private async keysOf(subjects: readonly string[]): Promise<Awaited<ReturnType<SubjectVault['keysOf']>>> {
    try {
      return await this.vault.keysOf(subjects);
    } catch (error) {
      if (error instanceof VaultUnavailable)
        throw unavailable('The change cannot be put on record, so it was not made');
      throw error;
    }
  }
}
