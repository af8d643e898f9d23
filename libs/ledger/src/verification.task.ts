import { Logger } from '@nestjs/common';
import { Client, type Pool } from 'pg';
import { v7 as uuid7 } from 'uuid';
import { notFound, ProblemError, unprocessable } from '@lexecon/auth';
import {
  type Checkpoint,
  CheckpointError,
  NoteError,
  type NoteVerifier,
  noteVerifier,
  openNote,
  parseCheckpoint,
} from '@lexecon/crypto';
import type { Finding } from './finding.js';
import type { Guard } from './guard.js';
import type { Head, HeadReader } from './head.reader.js';
import type { KeyRegistry } from './key.registry.js';
import { LogVerification } from './log.verification.js';
import { shardNameOf } from './shard.js';
import type { SigningKeys } from './signing-keys.js';
import type { VerificationState, VerificationView } from './verification.dto.js';

/** Advisory lock of the one verification that may run. */
const VERIFICATION_LOCK = 7106;
const PROGRESS_MS = 1_000;

interface Row {
  readonly id: string;
  readonly shard: string;
  readonly from_index: string;
  readonly to_index: string;
  readonly done_index: string;
  readonly state: VerificationState;
  readonly requested_at: Date;
  readonly finished_at: Date | null;
  readonly findings: readonly Finding[];
}

interface Job {
  readonly id: string;
  readonly head: Head;
  readonly from: number;
  readonly to: number;
}

/** Verifications of the stored log, one at a time in the whole deployment. One whose process died is found failed. */
export class VerificationTask {
  readonly #log = new Logger('Verification');
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly url: string,
    private readonly pool: Pool,
    private readonly keys: SigningKeys,
    private readonly guard: Guard,
    private readonly heads: HeadReader,
    private readonly registry: KeyRegistry,
  ) {}

  /** Begins a verification. Throws ProblemError 404 for an unknown shard, 422 for a range that the published log does not have, 409
   *  while another one runs. */
  async start(request: {
    readonly shard?: string;
    readonly from?: number;
    readonly to?: number;
  }): Promise<VerificationView> {
    const head = await this.heads.newest(request.shard);
    const { from = 0, to = head.size } = request;
    if (to > head.size)
      throw unprocessable([
        { pointer: '/to', detail: `must be at most ${String(head.size)}, the newest published size` },
      ]);
    if (from >= to) throw unprocessable([{ pointer: '/from', detail: `must be less than ${String(to)}` }]);
    const lock = await this.#lock();
    if (!lock) throw conflict();
    const job = { id: uuid7(), head, from, to };
    try {
      await this.#settleOrphans(lock);
      await lock.query(
        `INSERT INTO ledger.verification (id, log_id, from_index, to_index, done_index, state) VALUES ($1, $2, $3, $4, $3, 'running')`,
        [job.id, head.logId, from, to],
      );
      const view = await this.get(job.id);
      const run = this.#run(job, lock).finally(() => {
        if (this.#running === run) this.#running = undefined;
      });
      this.#running = run;
      return view;
    } catch (error) {
      await lock.end();
      throw error;
    }
  }

  /** Throws ProblemError 404. */
  async get(id: string): Promise<VerificationView> {
    const row = await this.#row(id);
    if (row?.state !== 'running' || this.#running) return viewOf(row);
    await this.#settleOrphans(this.pool);
    return viewOf(await this.#row(id));
  }

  /** Ends what runs; it is failed then. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(job: Job, lock: Client): Promise<void> {
    try {
      const verification = await this.#verification(job);
      let told = performance.now();
      await verification.run(async (index) => {
        if (performance.now() - told > PROGRESS_MS) {
          told = performance.now();
          await lock.query('UPDATE ledger.verification SET done_index = $2 WHERE id = $1', [job.id, index]);
        }
        return !this.#stopped;
      });
      const { kept, count } = verification.findings;
      const state = this.#stopped ? 'failed' : count === 0 ? 'valid' : 'invalid';
      if (state === 'invalid')
        this.#log.error(`the stored log is not sound: ${String(count)} findings, the first at ${kept[0]?.place ?? ''}`);
      await this.#finish(lock, job, state, kept);
    } catch (error) {
      this.#log.error({ err: error }, `verification ${job.id} failed`);
      await this.#finish(lock, job, 'failed', []).catch(() => undefined);
    } finally {
      await lock.end().catch(() => undefined);
    }
  }

  async #verification({ head, from, to }: Job): Promise<LogVerification> {
    const verifiers = await this.#verifiers(head.shard);
    const { logId, shard, size: published } = head;
    const { origin } = this.keys;
    const guarded = await this.#guarded(shard, verifiers);
    const known = typeof guarded === 'string' ? [] : [guarded];
    const range = { from, to, published, known };
    const verification = new LogVerification(this.pool, {
      logId,
      origin,
      shard,
      ...range,
      verifiers,
      nowMs: Date.now(),
    });
    if (typeof guarded === 'string') verification.findings.add('history', 'guard', guarded);
    return verification;
  }

  /** The keys in use as the key files have them, and those that were published before. */
  async #verifiers(shard: string): Promise<readonly NoteVerifier[]> {
    const published = (await this.registry.keys()).map(({ vkey }) => vkey);
    return [...new Set([this.keys.receipts.vkey, this.keys.logSigner(shard).vkey, ...published])].map(noteVerifier);
  }

  /** What the guard knows of the shard, or what is wrong with it. */
  async #guarded(shard: string, verifiers: readonly NoteVerifier[]): Promise<Checkpoint | string> {
    const note = await this.guard.read(shard);
    if (note === null) return 'the guard has no checkpoint of this shard, though it was published';
    try {
      const checkpoint = parseCheckpoint(openNote(note, verifiers).text);
      return checkpoint.origin === shardNameOf(this.keys.origin, shard)
        ? checkpoint
        : `the guard's checkpoint is of ${checkpoint.origin}`;
    } catch (error) {
      if (error instanceof NoteError || error instanceof CheckpointError)
        return `the guard's checkpoint is not ours: ${error.message}`;
      throw error;
    }
  }

  async #finish(lock: Client, { id, to }: Job, state: VerificationState, findings: readonly Finding[]): Promise<void> {
    // Whoever sees that it ended may begin the next one.
    await lock.query(
      `WITH ended AS (
         UPDATE ledger.verification SET state = $2, findings = $3, finished_at = now(),
           done_index = CASE WHEN $2 = 'failed' THEN done_index ELSE $4 END
         WHERE id = $1 RETURNING 1)
       SELECT pg_advisory_unlock($5) FROM ended`,
      [id, state, JSON.stringify(findings), to, VERIFICATION_LOCK],
    );
  }

  /** A connection that holds the lock, or null when another one does. */
  async #lock(): Promise<Client | null> {
    const client = new Client({
      connectionString: this.url,
      application_name: 'lexecon-verification',
      keepAlive: true,
    });
    client.on('error', (error) => {
      this.#log.warn({ err: error }, 'connection');
    });
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      VERIFICATION_LOCK,
    ]);
    if (rows[0]?.taken) return client;
    await client.end();
    return null;
  }

  /** Whatever is said to run while nobody holds the lock has died. */
  async #settleOrphans(client: Pick<Pool, 'query'> | Client): Promise<void> {
    await client.query(
      `WITH lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($1) AS free)
       UPDATE ledger.verification SET state = 'failed', finished_at = now() FROM lock WHERE lock.free AND state = 'running'`,
      [VERIFICATION_LOCK],
    );
  }

  async #row(id: string): Promise<Row | undefined> {
    const { rows } = await this.pool.query<Row>(
      'SELECT v.*, s.name AS shard FROM ledger.verification v JOIN ledger.shard s USING (log_id) WHERE v.id = $1',
      [id],
    );
    return rows[0];
  }
}

function viewOf(row: Row | undefined): VerificationView {
  if (!row) throw notFound('verification');
  return {
    id: row.id,
    shard: row.shard,
    from: Number(row.from_index),
    to: Number(row.to_index),
    state: row.state,
    done: Number(row.done_index) - Number(row.from_index),
    requestedAt: row.requested_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    findings: row.findings,
  };
}

const conflict = (): ProblemError =>
  new ProblemError({
    status: 409,
    type: 'verification-running',
    title: 'A verification is running',
    detail: 'Only one runs at a time. Try again when it has ended.',
  });
