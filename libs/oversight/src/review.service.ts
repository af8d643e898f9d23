import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import { notFound } from '@lexecon/auth';
import { type Page, pageOf } from '@lexecon/database';
import { LedgerService } from '@lexecon/ledger';
import { type OnExpiry, ReviewExpiredKind } from './review.kind.js';

export type ReviewStatus = 'pending' | 'expired';

export interface Review {
  readonly id: string;
  readonly decision: string;
  readonly status: ReviewStatus;
  readonly roles: readonly string[];
  readonly quorum: number;
  readonly openedAt: string;
  readonly expiresAt: string;
  readonly onExpiry: OnExpiry;
  /** What the review came to; null while it is pending. */
  readonly outcome: OnExpiry | null;
}

export interface ReviewFilter {
  readonly status?: ReviewStatus | undefined;
  /** Id of the last review of the page before. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

interface Row {
  readonly id: string;
  readonly decision_id: string;
  readonly status: ReviewStatus;
  readonly roles: string[];
  readonly quorum: number;
  readonly opened_at: Date;
  readonly expires_at: Date;
  readonly on_expiry: OnExpiry;
  readonly outcome: OnExpiry | null;
}

const COLUMNS = 'id, decision_id, status, roles, quorum, opened_at, expires_at, on_expiry, outcome';
/** Most reviews that one pass of the clock ends. */
const MOST_AT_ONCE = 100;

@Injectable()
export class ReviewService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ledger: LedgerService,
  ) {}

  async list({ status, cursor, limit }: ReviewFilter): Promise<Page<Review>> {
    const rows = await this.dataSource.query<Row[]>(
      `SELECT ${COLUMNS} FROM oversight.review
       WHERE ($1::text IS NULL OR status = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [status ?? null, cursor ?? null, limit + 1],
    );
    const page = pageOf(rows, limit, (row) => row.id, reviewOf);
    return { ...page, next: page.next === null ? null : (page.items.at(-1)?.id ?? null) };
  }

  /** Throws ProblemError 404. */
  async get(id: string): Promise<Review> {
    const [row] = await this.dataSource.query<Row[]>(`SELECT ${COLUMNS} FROM oversight.review WHERE id = $1`, [id]);
    if (!row) throw notFound('review');
    return reviewOf(row);
  }

  /** Ends what is past its deadline as its policy says; each end is a ledger entry. Answers how many were ended. */
  async expire(now: Date): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      const rows = await tx.query<Row[]>(
        `SELECT ${COLUMNS} FROM oversight.review WHERE status = 'pending' AND expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [now, MOST_AT_ONCE],
      );
      for (const row of rows) {
        await tx.query(`UPDATE oversight.review SET status = 'expired', outcome = on_expiry WHERE id = $1`, [row.id]);
        const end = {
          event: 'expired',
          entryId: uuid7(),
          id: row.id,
          decisionId: row.decision_id,
          at: now,
          outcome: row.on_expiry,
        } as const;
        await this.ledger.appendIn(tx, ReviewExpiredKind, end);
      }
      return rows.length;
    });
  }
}

const reviewOf = (row: Row): Review => ({
  id: row.id,
  decision: row.decision_id,
  status: row.status,
  roles: row.roles,
  quorum: row.quorum,
  openedAt: row.opened_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  onExpiry: row.on_expiry,
  outcome: row.outcome,
});
