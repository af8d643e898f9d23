import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { validate } from 'uuid';
import { notFound, type Principal, ProblemError, unprocessable } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { lockAccount } from '../person/standing.queries.js';
import { conflict } from '../refusal.js';
import { countUse } from './break-glass.metrics.js';
import {
  accountOfUse,
  announceUse,
  type BreakGlassUse,
  isBreakGlass,
  latestUses,
  reviewUse,
  silentUses,
  type UseReview,
} from './break-glass.queries.js';

/** Sign-ins with the break-glass account. The database notes each, whichever way it came in; here the alarm is raised, and somebody
 *  else reviews it. */
@Injectable()
export class UseService {
  readonly #log = new Logger('BreakGlass');

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
  ) {}

  list(): Promise<readonly BreakGlassUse[]> {
    return latestUses(this.dataSource.manager);
  }

  /** Throws ProblemError 403 to whoever used it or came in with it, 404, 409 when it was reviewed, 422 for a user who is none. */
  async review(by: Principal, id: string, given: UseReview): Promise<BreakGlassUse> {
    const review = { ...given, usedBy: given.usedBy?.toLowerCase() };
    const { manager } = this.dataSource;
    const account = validate(id) ? await accountOfUse(manager, id) : undefined;
    if (account === undefined) throw notFound('use');
    const { usedBy } = review;
    if (usedBy === by.id || (await isBreakGlass(manager, by.id))) throw ownUse();
    if (usedBy !== undefined && (await isBreakGlass(manager, usedBy))) throw nobody();
    const record = await this.log.seal({
      event: 'break-glass-reviewed',
      by,
      why: review.reason,
      about: { subject: accountSubject(usedBy ?? account), fields: { account, usedBy: usedBy ?? null } },
      public: { use: id, verdict: review.verdict },
    });
    return this.dataSource.transaction(async (tx) => {
      if (usedBy !== undefined && !(await lockAccount(tx, usedBy))) throw nobody();
      const reviewed = await reviewUse(tx, id, by.id, review);
      if (!reviewed) throw conflict('This use was reviewed before.');
      await this.log.append(tx, record);
      return reviewed;
    });
  }

  /** Raises the alarm for every use that has none yet, on one replica, and puts it on record. */
  async announce(): Promise<void> {
    for (const { id, accountId } of await silentUses(this.dataSource.manager)) {
      const about = { subject: accountSubject(accountId), fields: { account: accountId } };
      const record = await this.log.seal({ event: 'break-glass-used', about, public: { use: id } });
      const first = await this.dataSource.transaction(async (tx) => {
        if (!(await announceUse(tx, id))) return false;
        await this.log.append(tx, record);
        return true;
      });
      if (!first) continue;
      countUse();
      this.#log.error(`break-glass-used: the break-glass account was signed in with; somebody else reviews use ${id}`);
    }
  }
}

export const ownUse = (): ProblemError =>
  new ProblemError({
    status: 403,
    type: 'own-use',
    title: 'Not with the break-glass account, and not by whoever used it',
    detail: 'Somebody else reviews the use and seals the account again.',
  });

const nobody = (): ProblemError => unprocessable([{ pointer: '/usedBy', detail: 'is not the account of a person' }]);
