import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Page, pageOf } from '@lexecon/database';
import { decodeBody } from '@lexecon/ledger/core';
import type { PublicFields } from './core/index.js';
import type { DecisionQuery } from './decision.dto.js';
import { DecisionMaker } from './decision.maker.js';

/** What a listing shows of a decision: nothing that is sealed. */
export interface DecisionSummary extends PublicFields {
  readonly id: string;
  readonly decidedAt: string;
}

interface Row {
  readonly id: string;
  readonly body: Buffer;
}

@Injectable()
export class DecisionSearch {
  constructor(
    private readonly dataSource: DataSource,
    private readonly maker: DecisionMaker,
  ) {}

  /** Newest first. */
  async search({ actor, outcome, policy, from, to, cursor, limit }: DecisionQuery): Promise<Page<DecisionSummary>> {
    const values: unknown[] = [];
    const p = (value: unknown): string => `$${String(values.push(value))}`;
    const where = ['true'];
    if (actor !== undefined) {
      const blind = p(this.maker.blindOf(actor));
      where.push(`(d.actor = ${p(actor)} OR d.actor_blind = ${blind} OR d.behalf_blind = ${blind})`);
    }
    if (outcome !== undefined) where.push(`d.outcome = ${p(outcome)}`);
    if (policy !== undefined) where.push(`d.policies @> ARRAY[${p(policy)}]::text[]`);
    if (from !== undefined) where.push(`d.id >= ${p(firstIdOf(from))}`);
    if (to !== undefined) where.push(`d.id < ${p(firstIdOf(to))}`);
    if (cursor !== undefined) where.push(`d.id < ${p(cursor)}`);
    const rows = await this.dataSource.query<Row[]>(
      `SELECT d.id, l.body FROM decision.decision d
       JOIN ledger.payload l ON l.class = d.class AND l.entry_id = d.id AND l.part = 0
       WHERE ${where.join(' AND ')} ORDER BY d.id DESC LIMIT ${p(limit + 1)}`,
      values,
    );
    const page = pageOf(rows, limit, (row) => row.id, summaryOf);
    return { ...page, next: page.next === null ? null : (page.items.at(-1)?.id ?? null) };
  }
}

function summaryOf({ id, body }: Row): DecisionSummary {
  const open = JSON.parse(decodeBody(body).publicJson) as PublicFields;
  return { id, decidedAt: new Date(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toISOString(), ...open };
}

/** The smallest UUIDv7 of a moment; moments before 1970 count as 1970. */
function firstIdOf(moment: string): string {
  const hex = Math.max(0, Date.parse(moment)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}
