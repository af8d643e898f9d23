import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7, validate } from 'uuid';
import { notFound, type Principal } from '@lexecon/auth';
import { type Json, sha256 } from '@lexecon/crypto';
import { type Page, pageOf } from '@lexecon/database';
import { AccessLog } from '../access/access-log.js';
import { periodOf } from '../core/index.js';
import { idOfCursor, PAGE } from '../cursor.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { conflict } from '../refusal.js';
import type { AccessReview, AccessReviewItem } from './access-review.js';
import {
  closedReview,
  insertReview,
  type ItemFilter,
  itemsAfter,
  type NewReview,
  reviewOf,
  reviewsBefore,
} from './access-review.queries.js';

const DAY_MS = 24 * 3_600_000;

export interface SignedReport {
  readonly report: Readonly<Record<string, Json>>;
  /** SHA-256 of the report's canonical JSON (RFC 8785), in hex. */
  readonly sha256: string;
  /** Signed note (C2SP signed-note) over that hash, by the receipt key. */
  readonly note: string;
  /** The ledger entry that closes the campaign; it holds the same hash. */
  readonly entry: string;
  /** The words behind the hashes, as far as they were not erased. */
  readonly reasons: Readonly<Record<string, { readonly salt: string; readonly reason: string }>>;
  /** E-mail addresses of the people concerned, as far as they were not deleted. */
  readonly people: Readonly<Record<string, string>>;
}

/** Campaigns: opened by a person or by the calendar, read by whoever may. */
@Injectable()
export class AccessReviewService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'ACCESS_REVIEW_DAYS' | 'ACCESS_REVIEW_MONTHS'>,
  ) {}

  /** `dueInDays`: 1 to 90. */
  async open(
    by: Principal,
    { name, dueInDays, now = new Date() }: { name: string; dueInDays: number; now?: Date },
  ): Promise<AccessReview> {
    const opened = await this.#insert(by, { name, period: null, since: null }, dueInDays, now);
    if (!opened) throw new Error('the access review was not stored');
    return opened;
  }

  /** Opens the campaign of the calendar, unless it was opened. A deployment that was not there when the period began waits for the
   *  next one. Undefined when there is nothing to open. */
  async openByCalendar(now: Date): Promise<AccessReview | undefined> {
    const period = periodOf(now, this.settings.ACCESS_REVIEW_MONTHS.split(',').map(Number));
    if (!period) return undefined;
    const [known] = await this.dataSource.query<unknown[]>('SELECT 1 FROM identity.access_review WHERE period = $1', [
      period.name,
    ]);
    if (known) return undefined;
    const review = { name: `Access review ${period.name}`, period: period.name, since: period.from };
    return this.#insert(undefined, review, this.settings.ACCESS_REVIEW_DAYS, now);
  }

  async list(cursor: string | undefined, limit = PAGE): Promise<Page<AccessReview>> {
    const rows = await reviewsBefore(this.dataSource.manager, idOfCursor(cursor), limit + 1);
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  /** Throws ProblemError 404. */
  async read(
    id: string,
    {
      cursor,
      limit = PAGE,
      ...filter
    }: ItemFilter & { readonly cursor?: string | undefined; readonly limit?: number | undefined },
  ): Promise<AccessReview & Page<AccessReviewItem>> {
    const review = await this.#require(id);
    const rows = await itemsAfter(this.dataSource.manager, id, filter, idOfCursor(cursor), limit + 1);
    const page = pageOf(
      rows,
      limit,
      (row) => row.id,
      (row) => row,
    );
    return { ...review, ...page };
  }

  /** Throws ProblemError 404, or 409 while the campaign runs. */
  async report(id: string): Promise<SignedReport> {
    const { manager } = this.dataSource;
    await this.#require(id);
    const closed = await closedReview(manager, id);
    if (!closed) throw conflict('The access review is not closed yet.');
    const items = await itemsAfter(manager, id, {}, null, null);
    return {
      report: JSON.parse(closed.report) as SignedReport['report'],
      sha256: sha256(Buffer.from(closed.report)).toString('hex'),
      note: closed.note,
      entry: closed.entryId,
      reasons: Object.fromEntries(
        items.flatMap(({ id: item, reason, salt }) =>
          reason === null || salt === null ? [] : [[item, { salt, reason }]],
        ),
      ),
      people: Object.fromEntries(
        items.flatMap(({ account, email }) => (account === null || email === null ? [] : [[account, email]])),
      ),
    };
  }

  async #require(id: string): Promise<AccessReview> {
    const review = validate(id) ? await reviewOf(this.dataSource.manager, id) : undefined;
    if (!review) throw notFound('access review');
    return review;
  }

  async #insert(
    by: Principal | undefined,
    { name, period, since }: Pick<NewReview, 'name' | 'period' | 'since'>,
    days: number,
    now: Date,
  ): Promise<AccessReview | undefined> {
    const id = uuid7({ msecs: now.getTime() });
    const dueAt = new Date(now.getTime() + days * DAY_MS);
    const record = await this.log.seal({
      event: 'access-review-opened',
      by,
      sealed: { name },
      public: { accessReview: id, dueAt: dueAt.toISOString(), ...(period !== null && { period }) },
    });
    return this.dataSource.transaction(async (tx) => {
      const review = { id, name, period, openedBy: by?.id ?? null, openedAt: now, dueAt, since };
      const opened = await insertReview(tx, review);
      if (opened) await this.log.append(tx, record);
      return opened;
    });
  }
}
