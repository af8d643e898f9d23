import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { canonicalJson, type Json, sha256 } from '@lexecon/crypto';
import { LedgerService } from '@lexecon/ledger';
import { uuidOf } from '@lexecon/ledger/core';
import { AccessLog } from '../access/access-log.js';
import { ActorRegistry } from '../actor/actor-registry.js';
import { NOTE_NAME, noteLines, type Report, type ReportItem, reportOf } from '../core/index.js';
import type { AccessReview, AccessReviewItem } from './access-review.js';
import { countKept, countRevoked } from './access-review.metrics.js';
import {
  closeReview,
  dueReviews,
  exceptionOf,
  itemsAfter,
  lockRunning,
  reasonHashes,
  reviewOf,
  settleItem,
} from './access-review.queries.js';
import { aboutOf, Revocation, revocationFact } from './revocation.js';

const WHY = 'nobody confirmed it in the access review';

/** What happens at the due date: whatever nobody confirmed is taken back, and the campaign becomes a signed report. */
@Injectable()
export class ClosingService {
  readonly #log = new Logger('AccessReview');

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    @Inject(LedgerService) private readonly ledger: Pick<LedgerService, 'sign'>,
    @Inject(ActorRegistry) private readonly registry: Pick<ActorRegistry, 'catchUp'>,
    private readonly revocation: Revocation,
  ) {}

  /** Closes every campaign that nothing is left to wait for; answers how many. Several replicas may do so at once: each item is
   *  taken back by one of them, each campaign closed by one. */
  async closeDue(now: Date): Promise<number> {
    let closed = 0;
    for (const id of await dueReviews(this.dataSource.manager, now)) {
      const undecided = await itemsAfter(this.dataSource.manager, id, { outcome: 'undecided' }, null, null);
      for (const item of undecided) await this.#takeBack(id, item, now);
      if (undecided.some(({ actorId }) => actorId !== null)) await this.registry.catchUp();
      if (await this.#close(id, now)) closed += 1;
    }
    return closed;
  }

  async #takeBack(reviewId: string, item: AccessReviewItem, now: Date): Promise<void> {
    const [revoked, kept] = await Promise.all([
      this.log.seal(revocationFact(reviewId, item, undefined, WHY)),
      this.log.seal({
        event: 'access-review-kept',
        why: WHY,
        ...aboutOf(item.account),
        public: { accessReview: reviewId, item: item.id },
      }),
    ]);
    const outcome = await this.dataSource.transaction(async (tx) => {
      if (!(await lockRunning(tx, reviewId, 'SHARE'))) return 'decided';
      const exception = await exceptionOf(tx, item);
      if (exception !== null) {
        if (!(await settleItem(tx, item.id, { outcome: 'kept', exception, by: null, at: now }))) return 'decided';
        await this.log.append(tx, kept);
        return 'kept';
      }
      if (!(await settleItem(tx, item.id, { outcome: 'revoked-automatically', by: null, at: now }))) return 'decided';
      if (await this.revocation.revoke(tx, item, null, WHY)) {
        await this.log.append(tx, revoked);
        return 'revoked';
      }
      await tx.query(`UPDATE identity.access_review_item SET outcome = 'ended-before' WHERE id = $1`, [item.id]);
      return 'ended';
    });
    if (outcome === 'revoked') countRevoked();
    if (outcome !== 'kept') return;
    countKept();
    this.#log.error(
      `nobody confirmed item ${item.id} of access review ${reviewId}, and it had to stay: look at it now`,
    );
  }

  async #close(id: string, now: Date): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      if (!(await lockRunning(tx, id, 'UPDATE'))) return false;
      const review = await reviewOf(tx, id);
      if (!review || review.counts.undecided > 0) return false;
      const report = reportOf(headOf(review, now), await this.#itemsOf(tx, id));
      const text = canonicalJson(report as unknown as Json);
      const note = this.ledger.sign(NOTE_NAME, noteLines(id, text));
      const sha = `sha256:${sha256(Buffer.from(text)).toString('hex')}`;
      const record = await this.log.seal({
        event: 'access-review-closed',
        public: { accessReview: id, report: sha, counts: report.counts },
      });
      await closeReview(tx, id, now, { report: text, note, entryId: uuidOf(record.entryId) });
      await this.log.append(tx, record);
      return true;
    });
  }

  async #itemsOf(tx: EntityManager, id: string): Promise<readonly ReportItem[]> {
    const hashes = await reasonHashes(tx, id);
    return (await itemsAfter(tx, id, {}, null, null)).map((item) => reportItemOf(item, hashes.get(item.id)));
  }
}

const headOf = (
  review: AccessReview,
  now: Date,
): Pick<Report, 'id' | 'name' | 'period' | 'openedBy' | 'openedAt' | 'dueAt' | 'closedAt'> => ({
  id: review.id,
  name: review.name,
  period: review.period,
  openedBy: review.openedBy,
  openedAt: review.openedAt.toISOString(),
  dueAt: review.dueAt.toISOString(),
  closedAt: now.toISOString(),
});

function reportItemOf(item: AccessReviewItem, hash: string | undefined): ReportItem {
  const { id, kind, of, account, snapshot, outcome, exception, decidedBy, decidedAt } = item;
  if (outcome === null || decidedAt === null) throw new Error('an undecided item cannot stand in a report');
  const reason = hash === undefined ? null : `sha256:${hash}`;
  return { id, kind, of, account, snapshot, outcome, exception, decidedBy, decidedAt: decidedAt.toISOString(), reason };
}
