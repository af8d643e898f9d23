import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { v7 as uuid7 } from 'uuid';
import { hmacSha256 } from '@lexecon/crypto';
import { SubjectCache } from './subject-cache.js';
import type { VaultKeys } from './vault-keys.js';

/** A data subject's secret: 32 bytes under a UUID that says nothing about the person. */
export interface SubjectKey {
  readonly id: string;
  readonly key: Buffer;
}

/** The key store cannot be reached, or the subject is being erased at this moment: answer 503, nothing was sealed. */
export class VaultUnavailable extends Error {}

interface Row {
  readonly id: string;
  readonly blind: Buffer;
  readonly wrapped: Buffer;
  readonly kek: string;
}

interface Waiter {
  readonly resolve: (key: SubjectKey) => void;
  readonly reject: (error: Error) => void;
}

/** How long a replica may go on using a key it has in memory after the key was marked for erasure, in milliseconds. */
export const CACHE_BOUND_MS = 1_000;

/** Advisory lock under which erasures are marked. */
const MARK_LOCK = 7107;

/** One key per data subject, made when first needed and durable before it is handed out. A subject is named `type:id`. */
export class SubjectVault {
  readonly #cache = new SubjectCache<SubjectKey>();
  #waiting = new Map<string, Waiter[]>();
  #scheduled = false;
  #freshUntil = -Infinity;
  #lastMark = '0';
  #polling: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly keys: VaultKeys,
  ) {}

  /** Keys of these subjects, in order; at once when all are known, else when the new ones are durable. Rejects with VaultUnavailable. */
  keysOf(subjects: readonly string[]): readonly SubjectKey[] | Promise<readonly SubjectKey[]> {
    if (performance.now() < this.#freshUntil) {
      const known = subjects.map((subject) => this.#cache.get(subject));
      if (known.every((key) => key !== undefined)) return known;
    }
    return this.#load(subjects);
  }

  /** The keys with these ids that still exist, by id; what is missing was erased. */
  async openAll(ids: readonly string[]): Promise<ReadonlyMap<string, SubjectKey>> {
    const rows = await this.#rows('SELECT id, blind, wrapped, kek FROM vault.subject_key WHERE id = ANY($1::uuid[])', [
      ids,
    ]);
    return new Map(rows.map((row) => [row.id, this.#keyOf(row)]));
  }

  /** Keyed hash of anything personal, so that it can be searched for without being stored. 32 bytes. */
  blindIndex(text: string): Buffer {
    return hmacSha256(this.keys.index, text);
  }

  /** Destroys the subject's key: marks it, waits until no replica can still use it, deletes it. Everything sealed under it is
   *  unreadable from then on. Resolves with the id of the key, or null when there was none. */
  async erase(subject: string): Promise<string | null> {
    const [row] = await this.#rows('SELECT id, blind, wrapped, kek FROM vault.subject_key WHERE blind = $1', [
      this.blindIndex(subject),
    ]);
    if (!row) return null;
    // Under a lock that is held until the commit: marks become visible in the order of their numbers, and no reader passes one over.
    await this.pool.query(
      `WITH lock AS MATERIALIZED (SELECT pg_advisory_xact_lock($2))
       INSERT INTO vault.erasure_mark (key_id) SELECT $1 FROM lock ON CONFLICT DO NOTHING`,
      [row.id, MARK_LOCK],
    );
    await new Promise((resolve) => setTimeout(resolve, 2 * CACHE_BOUND_MS));
    await this.pool.query('DELETE FROM vault.subject_key WHERE id = $1', [row.id]);
    return row.id;
  }

  /** Forgets the keys that were marked for erasure since the last time. To be called at least every CACHE_BOUND_MS / 2. */
  async refresh(): Promise<void> {
    this.#polling ??= this.#readMarks().finally(() => {
      this.#polling = undefined;
    });
    await this.#polling;
  }

  async #readMarks(): Promise<void> {
    const asked = performance.now();
    const { rows } = await this.pool.query<{ mark: string; key_id: string }>(
      'SELECT mark, key_id FROM vault.erasure_mark WHERE mark > $1 ORDER BY mark',
      [this.#lastMark],
    );
    for (const { mark, key_id } of rows) {
      this.#cache.forget((key) => key.id === key_id);
      this.#lastMark = mark;
    }
    this.#freshUntil = asked + CACHE_BOUND_MS;
  }

  async #load(subjects: readonly string[]): Promise<readonly SubjectKey[]> {
    if (performance.now() >= this.#freshUntil) await this.refresh().catch(unavailable);
    return Promise.all(subjects.map(async (subject) => this.#cache.get(subject) ?? this.#enqueue(subject)));
  }

  #enqueue(subject: string): Promise<SubjectKey> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(subject) ?? [];
      waiters.push({ resolve, reject });
      this.#waiting.set(subject, waiters);
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        void this.#fetch();
      });
    });
  }

  /** Group commit: one read, and when some are new one write and one read, for everybody who waits. */
  async #fetch(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    const lastMark = this.#lastMark;
    const subjects = new Map([...waiting.keys()].map((subject) => [this.blindIndex(subject).toString('hex'), subject]));
    try {
      const found = await this.#found(subjects);
      const missing = [...subjects.keys()].filter((blind) => !found.has(blind));
      if (missing.length > 0) await this.#create(missing);
      const all = missing.length > 0 ? await this.#found(subjects) : found;
      for (const [blind, subject] of subjects) {
        const key = all.get(blind);
        // A mark that was read while this was under way may be of this very key: the next use asks again.
        if (key && lastMark === this.#lastMark) this.#cache.set(subject, key);
        for (const waiter of waiting.get(subject) ?? [])
          if (key) waiter.resolve(key);
          else waiter.reject(new VaultUnavailable('the subject is being erased'));
      }
    } catch (error) {
      const failure = new VaultUnavailable('the key store did not answer', { cause: error });
      for (const waiter of [...waiting.values()].flat()) waiter.reject(failure);
    }
  }

  async #found(subjects: ReadonlyMap<string, string>): Promise<Map<string, SubjectKey>> {
    const rows = await this.#rows(
      `SELECT id, blind, wrapped, kek FROM vault.subject_key k
       WHERE blind = ANY($1::bytea[]) AND NOT EXISTS (SELECT 1 FROM vault.erasure_mark m WHERE m.key_id = k.id)`,
      [[...subjects.keys()].map((hex) => Buffer.from(hex, 'hex'))],
    );
    return new Map(rows.map((row) => [row.blind.toString('hex'), this.#keyOf(row)]));
  }

  /** Inserts; whoever made the same subject's key a moment earlier wins, and is read again. */
  async #create(blinds: readonly string[]): Promise<void> {
    const ids = blinds.map(() => uuid7());
    await this.pool.query(
      `INSERT INTO vault.subject_key (id, blind, wrapped, kek)
       SELECT id, blind, wrapped, $4 FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) u(id, blind, wrapped)
       ON CONFLICT (blind) DO NOTHING`,
      [
        ids,
        blinds.map((hex) => Buffer.from(hex, 'hex')),
        ids.map((id) => this.keys.wrap(randomBytes(32), id)),
        this.keys.current,
      ],
    );
  }

  async #rows(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.pool.query<Row>(sql, [...values]);
    return rows;
  }

  #keyOf(row: Row): SubjectKey {
    return { id: row.id, key: this.keys.unwrap(row.wrapped, row.id, row.kek) };
  }
}

function unavailable(cause: unknown): never {
  throw new VaultUnavailable('the key store did not answer', { cause });
}
