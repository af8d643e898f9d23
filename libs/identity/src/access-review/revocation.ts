import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Principal } from '@lexecon/auth';
import { LedgerService } from '@lexecon/ledger';
import { type AccessFact, accountSubject } from '../access/access-log.js';
import { nextEpoch, updateActor } from '../actor/actor.queries.js';
import { revokeKey } from '../actor/key.queries.js';
import { endGrant } from '../person/grant.queries.js';
import type { AccessReviewItem } from './access-review.js';

/** Takes back what an item stands for, and says how that goes on record. */
@Injectable()
export class Revocation {
  constructor(@Inject(LedgerService) private readonly ledger: Pick<LedgerService, 'advanceEpoch'>) {}

  /** False when it had ended before. To be followed by the registry's `catchUp` once the transaction is committed. */
  async revoke(tx: EntityManager, item: AccessReviewItem, by: string | null, reason: string): Promise<boolean> {
    const { kind, of, actorId } = item;
    if (kind === 'grant') return (await endGrant(tx, of, by, reason)) !== undefined;
    if (actorId === null) return false;
    if (kind === 'key') return revokeKey(tx, actorId, of, await nextEpoch(tx));
    if (!(await updateActor(tx, actorId, { status: 'disabled' }, await nextEpoch(tx)))) return false;
    await this.ledger.advanceEpoch(tx, 'kill');
    return true;
  }
}

/** The same event as if it had been taken back outside of a campaign, so that one search finds all. */
export function revocationFact(
  reviewId: string,
  item: AccessReviewItem,
  by: Principal | undefined,
  why: string,
): AccessFact {
  const { kind, of, account, snapshot } = item;
  const open = { accessReview: reviewId };
  if (kind === 'grant')
    return { event: 'grant-ended', by, why, ...aboutOf(account), public: { ...open, role: snapshot['role'] ?? null } };
  const actor = snapshot['actor'] ?? null;
  return kind === 'key'
    ? { event: 'key-revoked', by, why, public: { ...open, actor, key: of } }
    : { event: 'actor-changed', by, why, public: { ...open, actor, status: 'disabled' } };
}

/** The person whose role it is. */
export const aboutOf = (account: string | null): Pick<AccessFact, 'about'> =>
  account === null ? {} : { about: { subject: accountSubject(account), fields: { account } } };
