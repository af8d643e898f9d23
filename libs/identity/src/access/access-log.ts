import type { EntityManager } from 'typeorm';
import { parse, v7 as uuid7 } from 'uuid';
import { type LedgerService, LedgerUnavailable, Superseded, TIMELESS } from '@lexecon/ledger';
import { type SubjectVault, VaultUnavailable } from '@lexecon/vault';
import { type AccessFact, accountSubject, type Fields, publicPart, sealedParts } from './access-fact.js';
import { AccessKind, type AccessRecord } from './access.kind.js';
import { unavailable } from '../refusal.js';

export { type AccessFact, accountSubject };

const ATTEMPTS = 5;

/** Puts changes of access on record. Sealing comes before the transaction, appending is its last statement. */
export class AccessLog {
  constructor(
    private readonly ledger: Pick<LedgerService, 'append' | 'appendIn'>,
    private readonly vault: Pick<SubjectVault, 'keysOf' | 'blindIndex'>,
  ) {}

  /** Rejects with ProblemError 503 when the subjects' keys cannot be had: then the change must not be made. */
  async seal(fact: AccessFact): Promise<AccessRecord> {
    const groups = sealedParts(fact);
    const keys = await this.keysOf([...groups.keys()]);
    const facts = publicPart(fact);
    return {
      entryId: Buffer.from(parse(uuid7())),
      timeMs: Date.now(),
      event: fact.event,
      facts,
      sealed: [...groups.values()].flatMap((fields, at) => {
        const key = keys[at];
        return key ? [{ key, fields }] : [];
      }),
      index: {
        agent: fact.by?.kind === 'agent' ? fact.by.name : null,
        actor: nameOf(facts),
        byBlind: fact.by?.kind === 'person' ? this.blindOf(accountSubject(fact.by.id)) : null,
        aboutBlind: fact.about ? this.blindOf(fact.about.subject) : null,
      },
    };
  }

  /** To be called last in the transaction that makes the change: both are durable, or neither. */
  async append(tx: EntityManager, record: AccessRecord): Promise<void> {
    await this.ledger.appendIn(tx, AccessKind, record);
  }

  /** For what goes with no change, like a read: joins the ledger's group commit and resolves when it is durable. Rejects with
   *  ProblemError 503 when that is not so, or not known. */
  async record(fact: AccessFact): Promise<void> {
    const record = await this.seal(fact);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.ledger.append([{ kind: AccessKind, record }], TIMELESS);
        return;
      } catch (error) {
        if (error instanceof LedgerUnavailable) throw unavailable('This cannot be put on record, so it was not done');
        // Only decisions are superseded; this one was in the same batch, of which nothing was written.
        if (!(error instanceof Superseded) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** What events are found by that somebody did or that concern them. */
  blindOf(subject: string): Buffer {
    return this.vault.blindIndex(`access|${subject}`);
  }

  private async keysOf(subjects: readonly string[]): Promise<Awaited<ReturnType<SubjectVault['keysOf']>>> {
    try {
      return await this.vault.keysOf(subjects);
    } catch (error) {
      if (error instanceof VaultUnavailable) throw unavailable('This cannot be put on record, so it was not done');
      throw error;
    }
  }
}

/** The registered agent or service that it was done to. */
function nameOf({ actor }: Fields): string | null {
  if (typeof actor !== 'object' || actor === null || !('id' in actor)) return null;
  return typeof actor.id === 'string' ? actor.id : null;
}
