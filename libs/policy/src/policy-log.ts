import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { parse, v7 as uuid7 } from 'uuid';
import type { Principal } from '@lexecon/auth';
import type { Json } from '@lexecon/crypto';
import { LedgerService } from '@lexecon/ledger';
import { SubjectVault, VaultUnavailable } from '@lexecon/vault';
import { type PolicyEvent, PolicyKind, type PolicyRecord } from './policy.kind.js';
import { unavailable } from './refusal.js';

type Fields = Readonly<Record<string, Json>>;

/** One change, before its personal part is sealed. */
export interface PolicyFact {
  readonly event: PolicyEvent;
  readonly by: Principal;
  /** What anybody may read. */
  readonly public: Fields;
  /** What is not: sealed under whoever did it. */
  readonly sealed?: Fields;
  /** What is about a data subject (`user:u-1842`): sealed under them. */
  readonly about?: { readonly subject: string; readonly fields: Fields } | undefined;
}

/** What concerns no person is sealed under the deployment's own key. */
const DEPLOYMENT = 'deployment:';

/** Puts changes on record. Sealing comes before the transaction, appending is its last statement. */
@Injectable()
export class PolicyLog {
  constructor(
    private readonly ledger: LedgerService,
    private readonly vault: SubjectVault,
  ) {}

  /** Rejects with ProblemError 503 when the keys cannot be had: then the change must not be made. */
  async seal({ event, by, public: open, sealed = {}, about }: PolicyFact): Promise<PolicyRecord> {
    const groups = new Map<string, Fields>();
    if (by.kind === 'person') groups.set(`account:${by.id}`, { ...sealed, by: by.id });
    else if (Object.keys(sealed).length > 0) groups.set(DEPLOYMENT, sealed);
    if (about) groups.set(about.subject, { ...groups.get(about.subject), ...about.fields });
    const keys = await this.#keysOf([...groups.keys()]);
    const who: Fields = by.kind === 'agent' ? { by: { type: 'agent', id: by.name } } : {};
    return {
      entryId: Buffer.from(parse(uuid7())),
      timeMs: Date.now(),
      event,
      facts: { ...open, ...who },
      sealed: [...groups.values()].flatMap((fields, i) => {
        const key = keys[i];
        return key ? [{ key, fields }] : [];
      }),
    };
  }

  /** To be called last in the transaction that makes the change: both are durable, or neither. */
  async append(tx: EntityManager, record: PolicyRecord): Promise<void> {
    await this.ledger.appendIn(tx, PolicyKind, record);
  }

  /** Makes every decision of an older policy set void two seconds after the transaction commits. */
  async advanceEpoch(tx: EntityManager): Promise<void> {
    await this.ledger.advanceEpoch(tx, 'policy');
  }

  async #keysOf(subjects: readonly string[]): Promise<Awaited<ReturnType<SubjectVault['keysOf']>>> {
    try {
      return await this.vault.keysOf(subjects);
    } catch (error) {
      if (error instanceof VaultUnavailable) {
        throw unavailable('unavailable', 'The change cannot be put on record, so it was not made');
      }
      throw error;
    }
  }
}
