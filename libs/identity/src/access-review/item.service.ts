import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { validate } from 'uuid';
import { notFound, type Principal } from '@lexecon/auth';
import { AccessLog } from '../access/access-log.js';
import { ActorRegistry } from '../actor/actor-registry.js';
import { reasonHash } from '../core/index.js';
import { lastAdministrator } from '../person/grant.js';
import { conflict } from '../refusal.js';
import { type AccessReviewItem, type Decision, isDue, requireReviewer } from './access-review.js';
import { exceptionOf, itemOf, lockRunning, settleItem } from './access-review.queries.js';
import { aboutOf, Revocation, revocationFact } from './revocation.js';

const OUTCOME = { confirm: 'confirmed', revoke: 'revoked' } as const satisfies Record<Decision, string>;

/** Decisions of reviewers. */
@Injectable()
export class ItemService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    @Inject(ActorRegistry) private readonly registry: Pick<ActorRegistry, 'catchUp'>,
    private readonly revocation: Revocation,
  ) {}

  /** Confirms, or takes back at once. However many decide at the same time, the first one's word stands. Throws ProblemError 403 when
   *  somebody else has to decide, 404, 409 when it was decided, the campaign is over, or nobody would be left to administer. */
  async decide(
    by: Principal,
    reviewId: string,
    itemId: string,
    { decision, reason, now = new Date() }: { decision: Decision; reason: string; now?: Date },
  ): Promise<AccessReviewItem> {
    const { manager } = this.dataSource;
    const item = validate(reviewId) && validate(itemId) ? await itemOf(manager, reviewId, itemId) : undefined;
    if (!item) throw notFound('item');
    requireReviewer(by, item, decision);
    const [decided, revoked] = await Promise.all([
      this.log.seal({
        event: 'access-review-decided',
        by,
        why: reason,
        ...aboutOf(item.account),
        public: { accessReview: reviewId, item: itemId, kind: item.kind, decision },
      }),
      this.log.seal(revocationFact(reviewId, item, by, reason)),
    ]);
    const salt = randomBytes(16);
    await this.dataSource.transaction(async (tx) => {
      const review = await lockRunning(tx, reviewId, 'SHARE');
      if (!review || isDue(review, now)) throw conflict('The access review is over.');
      if (decision === 'revoke' && (await exceptionOf(tx, item)) === 'last-administrator') throw lastAdministrator();
      const settled = await settleItem(tx, itemId, {
        outcome: OUTCOME[decision],
        by: by.id,
        at: now,
        reason: { text: reason, salt, hash: reasonHash(salt, reason) },
      });
      if (!settled) throw conflict('This was decided before.');
      if (decision === 'revoke' && (await this.revocation.revoke(tx, item, by.id, reason)))
        await this.log.append(tx, revoked);
      await this.log.append(tx, decided);
    });
    if (decision === 'revoke' && item.actorId !== null) await this.registry.catchUp();
    const after = await itemOf(manager, reviewId, itemId);
    if (!after) throw new Error('the item is gone');
    return after;
  }
}
