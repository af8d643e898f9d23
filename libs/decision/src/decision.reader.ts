import { Injectable } from '@nestjs/common';
import { notFound, ProblemError } from '@lexecon/auth';
import { LedgerReader, type StoredEntry } from '@lexecon/ledger';
import { bytesOfUuid, openGroup } from '@lexecon/ledger/core';
import { ReviewService } from '@lexecon/oversight';
import { SubjectVault } from '@lexecon/vault';
import { answerOf, type Decision, joinGroups, type PublicFields, type SealedFields } from './core/index.js';

/** A decision as it stands in the ledger, with what could be opened of it. */
export interface OpenedDecision {
  readonly entry: StoredEntry;
  readonly open: PublicFields;
  /** Null when a person's key was destroyed. */
  readonly sealed: SealedFields | null;
  readonly decidedAt: Date;
}

/** Reads decisions back out of the ledger. */
@Injectable()
export class DecisionReader {
  constructor(
    private readonly ledger: LedgerReader,
    private readonly vault: SubjectVault,
    private readonly reviews: ReviewService,
  ) {}

  /** The answers as they were given, in order. Throws ProblemError 404, or 410 when the person concerned was erased. */
  answers(ids: readonly string[]): Promise<readonly Decision[]> {
    return Promise.all(ids.map((id) => this.answer(id)));
  }

  async answer(id: string): Promise<Decision> {
    const { entry, open, sealed, decidedAt } = await this.opened(id);
    if (!sealed) throw erased();
    const status = open.review === undefined ? '' : (await this.reviews.get(open.review)).status;
    return answerOf(id, decidedAt, open, sealed, status, entry.receipt);
  }

  /** Throws ProblemError 404. */
  async opened(id: string): Promise<OpenedDecision> {
    const entry = await this.ledger.read(id);
    if (entry?.leaf.kind !== 'decision') throw notFound('decision');
    const keys = await this.vault.openAll(entry.sealed.map((group) => group.keyId));
    const groups = entry.sealed.map(({ keyId, ciphertext }, group) => {
      const key = keys.get(keyId)?.key;
      return key && ciphertext
        ? openGroup({ entryId: bytesOfUuid(id), ciphertext, key }, group, entry.commitments)
        : null;
    });
    return {
      entry,
      open: entry.receipt.opening.public as unknown as PublicFields,
      sealed: groups.includes(null) ? null : joinGroups(groups.filter((group) => group !== null)),
      decidedAt: new Date(entry.leaf.timeMs),
    };
  }
}

export const erased = (): ProblemError =>
  new ProblemError({
    status: 410,
    type: 'erased',
    title: 'The person concerned was erased',
    detail: 'The record and its proofs stand; what it said about the person can no longer be read.',
  });
