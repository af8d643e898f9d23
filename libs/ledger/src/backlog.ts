import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';
import { MAXIMUM_MERGE_DELAY_MS } from './core/index.js';

const PERIOD_MS = 500;

/** Watches how long the oldest durable entry has been waiting for a checkpoint that the guard holds. A log that does not get there
 *  within the maximum merge delay takes nothing more: receipts already given must be honoured first. */
export class Backlog {
  readonly #log = new Logger('Ledger');
  /** On this process's monotonic clock. */
  #oldestAt: number | null = null;
  #readAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;

  constructor(private readonly pool: Pool) {}

  async start(): Promise<void> {
    await this.read();
    this.#timer = setInterval(() => {
      this.#reading ??= this.read()
        .catch((error: unknown) => {
          this.#log.warn({ err: error }, 'backlog unknown');
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
    return this.#oldestAt === null ? 0 : Math.max(0, performance.now() - this.#oldestAt);
  }

  /** Why nothing may be appended now; null when it may. */
  refusal(): string | null {
    if (performance.now() - this.#readAt > MAXIMUM_MERGE_DELAY_MS) return 'the state of the ledger is not known';
    if (this.ageMs() > MAXIMUM_MERGE_DELAY_MS) return 'entries wait too long for a guarded checkpoint';
    return null;
  }

  async read(): Promise<void> {
    const asked = performance.now();
    const { rows } = await this.pool.query<{ age_ms: number | null }>(OLDEST);
    const age = rows[0]?.age_ms ?? null;
    this.#oldestAt = age === null ? null : performance.now() - age;
    this.#readAt = asked;
  }
}

/** Age, by the database's clock alone, of the oldest batch that is not sequenced, or sequenced but under no published head. A batch that
 *  commits late, below what is sequenced, is the sequencer's business within its next round and not looked for here: the search stays
 *  short however long another transaction runs. */
const OLDEST = `
  WITH published AS (
    SELECT log_id, size FROM ledger.head_sig ORDER BY log_id DESC, size DESC LIMIT 1
  ), newest AS (
    SELECT b.arrival FROM ledger.seq s JOIN ledger.batch b USING (batch_id) ORDER BY s.log_id DESC, s.next_idx DESC LIMIT 1
  ), waiting AS (
    SELECT b.received_at FROM ledger.batch b
    WHERE b.arrival > coalesce((SELECT arrival FROM newest), 0)
      AND NOT EXISTS (SELECT 1 FROM ledger.seq s WHERE s.batch_id = b.batch_id)
    UNION ALL
    SELECT b.received_at FROM ledger.seq s JOIN ledger.batch b USING (batch_id)
    WHERE (s.log_id, s.next_idx) > (coalesce((SELECT log_id FROM published), 0), coalesce((SELECT size FROM published), 0))
  )
  SELECT extract(epoch FROM clock_timestamp() - min(received_at))::float8 * 1000 AS age_ms FROM waiting`;
