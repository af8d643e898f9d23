import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { v7 as uuid7 } from 'uuid';
import { noteVerifier } from '@lexecon/crypto';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { Backlog } from '../src/backlog.js';
import { bytesOfUuid, type EntryKind } from '../src/core/index.js';
import type { Finding } from '../src/finding.js';
import type { Guard } from '../src/guard.js';
import { guardAt } from '../src/guard.place.js';
import { HeadReader } from '../src/head.reader.js';
import { LedgerService } from '../src/ledger.service.js';
import { LogVerification } from '../src/log.verification.js';
import { ProofService } from '../src/proof.service.js';
import { Publisher } from '../src/publisher.js';
import { Sequencer } from '../src/sequencer.task.js';
import { readSigningKeys, type SigningKeys } from '../src/signing-keys.js';
import { TileStore } from '../src/tile.store.js';

/** A record for tests: public text, and one sealed field. */
export interface Note {
  readonly id: string;
  readonly text: string;
  readonly subject?: { readonly id: string; readonly key: Buffer };
}

export const noteOf = (text: string): Note => ({ id: uuid7(), text, subject: { id: uuid7(), key: randomBytes(32) } });

export const NoteKind: EntryKind<Note> = {
  name: 'audit',
  encode: ({ id, text, subject }) => ({
    entryId: bytesOfUuid(id),
    timeMs: Date.now(),
    class: 'audit',
    public: { text },
    sealed: subject ? [{ key: subject, fields: { secret: `about ${text}` } }] : [],
  }),
};

export const FRESH = { kill: 0, policy: 0 };

/** A log on a database and a guard folder of its own. */
export class TestLog {
  private constructor(
    readonly database: TestDatabase,
    readonly folder: string,
    readonly keys: SigningKeys,
    readonly pool: pg.Pool,
    readonly ledger: LedgerService,
    readonly backlog: Backlog,
    readonly guard: Guard,
  ) {}

  /** Reads of nothing that was read before. */
  readers(): { readonly heads: HeadReader; readonly tiles: TileStore; readonly proofs: ProofService } {
    const heads = new HeadReader(this.pool, this.keys.origin);
    const tiles = new TileStore(this.pool);
    return { heads, tiles, proofs: new ProofService(this.pool, heads, tiles) };
  }

  /** `guard` names its place; a folder of the log's own when it is not given. */
  static async create(guard?: string): Promise<TestLog> {
    const database = await testDatabase();
    const folder = mkdtempSync(join(tmpdir(), 'lexecon-log-'));
    const guardPlace = guard ?? pathToFileURL(join(folder, 'guard')).href;
    const keys = readSigningKeys({
      url: database.url,
      origin: 'log.test',
      guard: guardPlace,
      logKeyFile: join(folder, 'log.key'),
      receiptKeyFile: join(folder, 'receipt.key'),
      mayCreateKeys: true,
    });
    const pool = new pg.Pool({ connectionString: database.url, max: 4 });
    pool.on('error', () => undefined);
    const backlog = new Backlog(pool);
    await backlog.start();
    return new TestLog(
      database,
      folder,
      keys,
      pool,
      new LedgerService(pool, pool, keys, backlog),
      backlog,
      await guardAt(guardPlace),
    );
  }

  sequencer(now?: () => Date): Sequencer {
    return new Sequencer(this.database.url, this.keys, new Publisher(this.keys, this.guard), now);
  }

  append(text: string): Promise<readonly unknown[]> {
    return this.ledger.append([{ kind: NoteKind, record: noteOf(text) }], FRESH);
  }

  /** What a verification of a whole shard, the newest when none is named, finds. */
  async verified(shard?: string, keys: readonly SigningKeys[] = [this.keys]): Promise<readonly Finding[]> {
    const head = await this.readers().heads.newest(shard);
    const verifiers = keys
      .flatMap((one) => [one.receipts.vkey, one.logSigner(head.shard).vkey])
      .map((vkey) => noteVerifier(vkey));
    const range = { from: 0, to: head.size, published: head.size };
    const scope = {
      logId: head.logId,
      shard: head.shard,
      origin: this.keys.origin,
      ...range,
      verifiers,
      known: [],
      nowMs: Date.now(),
    };
    const verification = new LogVerification(this.pool, scope);
    await verification.run(() => Promise.resolve(true));
    return verification.findings.kept;
  }

  /** The same deployment after its key files were replaced. */
  rotated(files: { readonly log?: string; readonly receipt?: string }): SigningKeys {
    return readSigningKeys({
      url: this.database.url,
      origin: this.keys.origin,
      guard: pathToFileURL(join(this.folder, 'guard')).href,
      logKeyFile: join(this.folder, files.log ?? 'log.key'),
      receiptKeyFile: join(this.folder, files.receipt ?? 'receipt.key'),
      mayCreateKeys: true,
    });
  }

  /** Appends `count` entries, `at` of them at a time. */
  async fill(count: number, at = 100): Promise<void> {
    for (let done = 0; done < count; done += at)
      await Promise.all(
        Array.from({ length: Math.min(at, count - done) }, (_, i) => this.append(`entry ${String(done + i)}`)),
      );
  }

  /** Resolves when the newest published head covers `size` entries; rejects after ten seconds. */
  async published(size: number): Promise<void> {
    const end = Date.now() + 10_000;
    while (Date.now() < end) {
      const { rows } = await this.pool.query<{ size: string | null }>('SELECT max(size) AS size FROM ledger.head_sig');
      if (Number(rows[0]?.size ?? 0) >= size) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`size ${String(size)} was never published`);
  }

  async close(): Promise<void> {
    await this.ledger.close();
    await this.backlog.stop();
    await this.pool.end();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
