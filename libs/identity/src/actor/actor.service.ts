import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import { notFound, type Principal, unprocessable } from '@lexecon/auth';
import { type Page, pageOf } from '@lexecon/database';
import { LedgerService } from '@lexecon/ledger';
import { AccessLog } from '../access/access-log.js';
import { factOf } from './actor.fact.js';
import { type Actor, type ApiKey } from './actor.js';
import {
  type ActorChange,
  type ActorFilter,
  actorsBefore,
  actorsOwnedBy,
  insertActor,
  mayOwn,
  nextEpoch,
  requireActor,
  type ReviewedChange,
  updateActor,
} from './actor.queries.js';
import { ActorRegistry } from './actor-registry.js';
import { keysOfActor } from './key.queries.js';
import { requireTerm, usualReviewDay } from './review.term.js';
import { conflict } from '../refusal.js';
import { idOfCursor, PAGE } from '../cursor.js';

export type NewActor = Pick<Actor, 'type' | 'name' | 'owner' | 'purpose'> &
  Partial<Pick<Actor, 'roles' | 'attributes' | 'riskClass'>> & {
    readonly ownerId?: string | null | undefined;
    readonly reviewBy?: string | null | undefined;
  };

export interface Review extends Pick<ActorChange, 'owner' | 'ownerId' | 'purpose' | 'riskClass'> {
  readonly reviewBy: string;
}

/** Actors: registered, changed, looked at again. Every change is one transaction: the row, the epoch that tells all replicas, the
 *  ledger entry. Disabling one also moves the kill switch's epoch on: from the commit on the ledger refuses what was decided before. */
@Injectable()
export class ActorService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly registry: ActorRegistry,
    @Inject(LedgerService) private readonly ledger: Pick<LedgerService, 'advanceEpoch'>,
  ) {}

  /** Throws ProblemError 409 when the type has an actor of that name; 422 for an owner without an active account, and for a review
   *  that is not within a year. */
  async register(by: Principal | undefined, given: NewActor): Promise<Actor> {
    const { type, name, owner, purpose, roles = [], attributes = {}, riskClass = 'unclassified' } = given;
    const ownerId = given.ownerId ?? null;
    const reviewBy = type === 'user' ? null : (given.reviewBy ?? usualReviewDay(new Date()));
    if (reviewBy !== null) requireTerm(reviewBy, new Date());
    await this.requireOwner(ownerId);
    const actor = { id: uuid7(), type, name, owner, purpose, roles, attributes, ownerId, riskClass, reviewBy };
    const record = await this.log.seal(factOf('actor-registered', by, actor, actor));
    const registered = await this.dataSource.transaction(async (tx) => {
      const row = await insertActor(tx, actor, await nextEpoch(tx));
      if (!row) throw conflict(`There is an actor of the type ${type} with this name.`);
      await this.log.append(tx, record);
      return row;
    });
    await this.registry.catchUp();
    return registered;
  }

  async list(cursor: string | undefined, limit = PAGE, filter: ActorFilter = {}): Promise<Page<Actor>> {
    const rows = await actorsBefore(this.dataSource.manager, filter, idOfCursor(cursor), limit + 1);
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  /** Throws ProblemError 404. */
  async read(id: string): Promise<Actor & { readonly keys: readonly ApiKey[] }> {
    const actor = await requireActor(this.dataSource.manager, id);
    return { ...actor, keys: await keysOfActor(this.dataSource.manager, id) };
  }

  /** Throws ProblemError 404, or 422 when nothing is to be changed or the new owner has no active account. */
  async change(by: Principal | undefined, id: string, change: ActorChange): Promise<Actor> {
    if (!Object.values(change).some(isGiven)) throw unprocessable([{ pointer: '', detail: 'names nothing to change' }]);
    return this.update('actor-changed', by, await requireActor(this.dataSource.manager, id), change);
  }

  /** A person has looked at it again: what it is for, who answers for it, what harm it could do, and when to look next. Throws
   *  ProblemError 404, or 422 for a `user`, while nobody has classified its risk, and for a term of more than a year. */
  async review(by: Principal, id: string, review: Review): Promise<Actor> {
    const actor = await requireActor(this.dataSource.manager, id);
    if (actor.type === 'user')
      throw unprocessable([{ pointer: '', detail: 'users of the caller’s system are not reviewed here' }]);
    requireTerm(review.reviewBy, new Date());
    if ((review.riskClass ?? actor.riskClass) === 'unclassified')
      throw unprocessable([
        { pointer: '/riskClass', detail: 'must say what harm it could do: minimal, limited or high' },
      ]);
    return this.update('actor-reviewed', by, actor, { ...review, reviewedAt: new Date() });
  }

  /** Disables every active agent and service that this account answers for, as when its person leaves: all or none. Answers how many. */
  async disableOwnedBy(by: Principal | undefined, accountId: string): Promise<number> {
    const owned = await actorsOwnedBy(this.dataSource.manager, accountId);
    if (owned.length === 0) return 0;
    const change = { status: 'disabled' } as const;
    const records = await Promise.all(owned.map((actor) => this.log.seal(factOf('actor-changed', by, actor, change))));
    await this.dataSource.transaction(async (tx) => {
      const epoch = await nextEpoch(tx);
      for (const { id } of owned) await updateActor(tx, id, change, epoch);
      await this.ledger.advanceEpoch(tx, 'kill');
      for (const record of records) await this.log.append(tx, record);
    });
    await this.registry.catchUp();
    return owned.length;
  }

  private async update(
    event: 'actor-changed' | 'actor-reviewed',
    by: Principal | undefined,
    actor: Actor,
    change: ReviewedChange,
  ): Promise<Actor> {
    await this.requireOwner(change.ownerId);
    const record = await this.log.seal(factOf(event, by, actor, change));
    const changed = await this.dataSource.transaction(async (tx) => {
      const row = await updateActor(tx, actor.id, change, await nextEpoch(tx));
      if (!row) throw notFound('agent');
      if (change.status === 'disabled') await this.ledger.advanceEpoch(tx, 'kill');
      await this.log.append(tx, record);
      return row;
    });
    await this.registry.catchUp();
    return changed;
  }

  private async requireOwner(id: string | null | undefined): Promise<void> {
    if (id !== null && id !== undefined && !(await mayOwn(this.dataSource.manager, id)))
      throw unprocessable([{ pointer: '/ownerId', detail: 'is not the account of an active person' }]);
  }
}

/** A body may leave a member out or say null: both mean that it stays as it is. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
