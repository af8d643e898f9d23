import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';
import { MAXIMUM_MERGE_DELAY_MS } from './core/index.js';

const PERIOD_MS = 500;

/** Watches how long the oldest durable entry has been waiting for a checkpoint that the guard holds. A log that does not get there
 *  within the maximum merge delay takes nothing more: receipts already given must be honoured first. */
export class Backlog {
  readonly #log = new Logger('Ledger');
  #oldestMs: number | null = null;
  #readAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;

  constructor(private readonly pool: Pool) {}

  async start(): Promise<void> {
    await this.read();
    this.#timer = setInterval(() => {
      this.#reading ??= this.read()
        .catch((error: unknown) => {
          this.#log.warn(`backlog unknown: ${String(error)}`);
        })
        .finally(() => {
          this.#reading = undefined;
        });
    }, PERIOD_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  /** Milliseconds the oldest entry without a guarded checkpoint has been waiting; 0 when there is none. */
  ageMs(): number {
    return this.#oldestMs === null ? 0 : Math.max(0, Date.now() - this.#oldestMs);
  }

  /** Why nothing may be appended now; null when it may. */
  refusal(): string | null {
    if (performance.now() - this.#readAt > MAXIMUM_MERGE_DELAY_MS) return 'the state of the ledger is not known';
    if (this.ageMs() > MAXIMUM_MERGE_DELAY_MS) return 'entries wait too long for a guarded checkpoint';
    return null;
  }

  async read(): Promise<void> {
    const asked = performance.now();
    const { rows } = await this.pool.query<{ oldest: string | null }>(`
      WITH published AS (
        SELECT h.log_id, h.size, h.low_arrival FROM ledger.head_sig s JOIN ledger.tree_head h USING (log_id, size)
        ORDER BY h.log_id DESC, h.size DESC LIMIT 1
      )
      SELECT min(b.signed_at) AS oldest
      FROM ledger.batch b LEFT JOIN ledger.seq s USING (batch_id)
      WHERE b.arrival > coalesce((SELECT low_arrival FROM published), 0)
        AND (s.batch_id IS NULL OR NOT EXISTS (
          SELECT 1 FROM published p WHERE s.log_id < p.log_id OR (s.log_id = p.log_id AND s.next_idx <= p.size)))`);
    const oldest = rows[0]?.oldest ?? null;
    this.#oldestMs = oldest === null ? null : Number(oldest);
    this.#readAt = asked;
  }
}
