import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Global, Module, ValidationPipe } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { v7 as uuid7 } from 'uuid';
import { Reads } from '@lexecon/auth';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { LedgerModule, LedgerService, ProofService } from '@lexecon/ledger';
import { bytesOfUuid, type Entry, type EntryKind, type EntryProof, type Receipt } from '@lexecon/ledger/core';

const FactKind: EntryKind<string> = {
  name: 'audit',
  encode: (text): Entry => ({
    entryId: bytesOfUuid(uuid7()),
    timeMs: Date.now(),
    class: 'audit',
    public: { text },
    sealed: [{ key: { id: uuid7(), key: randomBytes(32) }, fields: { secret: text } }],
  }),
};

/** Who reads an export goes on record in the server; here nobody keeps it. */
@Global()
@Module({ providers: [{ provide: Reads, useValue: { record: () => Promise.resolve() } }], exports: [Reads] })
class NoRecord {}

/** A log on a real database, as its server hands it out, and a folder for the files of whoever verifies it. */
export class ServedLog {
  private constructor(
    readonly folder: string,
    readonly database: TestDatabase,
    private readonly app: NestFastifyApplication,
  ) {}

  static async start(): Promise<ServedLog> {
    const folder = mkdtempSync(join(tmpdir(), 'lexecon-verify-'));
    const database = await testDatabase();
    const options = {
      url: database.url,
      origin: 'ledger.test',
      guard: pathToFileURL(join(folder, 'guard')).href,
      logKeyFile: join(folder, 'log.key'),
      receiptKeyFile: join(folder, 'receipt.key'),
      mayCreateKeys: true,
    };
    const testing = await Test.createTestingModule({ imports: [NoRecord, LedgerModule.with(options)] }).compile();
    const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app.useGlobalPipes(new ValidationPipe({ transform: true }));
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return new ServedLog(folder, database, app);
  }

  /** Resolves when all are under a published checkpoint. */
  async append(count: number, at = 50): Promise<readonly Receipt[]> {
    const ledger = this.app.get(LedgerService);
    const made: Receipt[] = [];
    while (made.length < count) {
      const one = (_: unknown, i: number): Promise<readonly Receipt[]> =>
        ledger.append([{ kind: FactKind, record: `fact ${String(made.length + i)} – é\u2028"` }], {
          kill: 0,
          policy: 0,
        });
      made.push(...(await Promise.all(Array.from({ length: Math.min(at, count - made.length) }, one))).flat());
    }
    const proof = await this.app.get(ProofService).awaitProof(made.at(-1)?.entry ?? '', 20_000);
    if (!proof) throw new Error('the last entry was not published');
    return made;
  }

  proof(entry: string): Promise<EntryProof | null> {
    return this.app.get(ProofService).entryProof(entry);
  }

  async get(path: string): Promise<{ readonly statusCode: number; readonly body: string }> {
    return this.app.inject({ url: `/api/v1/ledger/${path}`, headers: { accept: 'text/plain' } });
  }

  async text(path: string): Promise<string> {
    return (await this.get(path)).body;
  }

  async size(): Promise<number> {
    return Number((await this.text('checkpoint')).split('\n')[1]);
  }

  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.database.drop();
    rmSync(this.folder, { recursive: true });
  }
}
