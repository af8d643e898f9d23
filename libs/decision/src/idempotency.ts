import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Principal, ProblemError } from '@lexecon/auth';
import { canonicalJson, type Json } from '@lexecon/crypto';
import { SubjectVault } from '@lexecon/vault';

/** One idempotency key of one principal with the body it came with, hashed under a server key. */
export interface Repeatable {
  /** A hash for each member of a batch. */
  readonly keys: readonly Buffer[];
  readonly body: Buffer;
}

/** Most keys that one statement forgets. */
const MOST_AT_ONCE = 5_000;

interface Row {
  readonly decision_id: string;
  readonly body: Buffer;
}

/** The same key, the same answer: one way for a retry, a duplicate and a race. */
@Injectable()
export class Idempotency {
  constructor(
    private readonly dataSource: DataSource,
    private readonly vault: SubjectVault,
  ) {}

  repeatable(key: string, body: unknown, members: number): Repeatable {
    return {
      keys: Array.from({ length: members }, (_, i) => this.vault.blindIndex(`idempotency|${String(i)}|${key}`)),
      body: this.vault.blindIndex(`body|${canonicalJson(body as Json)}`),
    };
  }

  /** Ids of the decisions this key already led to; null when there are none. Throws ProblemError 409 when it came with another body. */
  async find(principal: Principal, { keys, body }: Repeatable): Promise<readonly string[] | null> {
    const rows = await this.dataSource.query<Row[]>(
      `SELECT i.decision_id, i.body FROM unnest($2::bytea[]) WITH ORDINALITY u(key, place)
       JOIN decision.idempotency i ON i.principal = $1 AND i.key = u.key ORDER BY u.place`,
      [principal.id, keys],
    );
    if (rows.length === 0) return null;
    if (rows.length !== keys.length || rows.some((row) => !row.body.equals(body))) throw conflict();
    return rows.map((row) => row.decision_id);
  }

  /** Forgets keys older than a day, some at a time: one statement over all of them would run into its time limit, again and again.
   *  Answers how many. */
  async prune(now: Date): Promise<number> {
    const before = new Date(now.getTime() - 24 * 3_600_000);
    for (let forgotten = 0; ;) {
      const [, count] = await this.dataSource.query<[unknown, number]>(
        `DELETE FROM decision.idempotency WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM decision.idempotency WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
        [before, MOST_AT_ONCE],
      );
      forgotten += count;
      if (count < MOST_AT_ONCE) return forgotten;
    }
  }
}

export const conflict = (): ProblemError =>
  new ProblemError({
    status: 409,
    type: 'idempotency-conflict',
    title: 'The idempotency key was used with another body',
  });
