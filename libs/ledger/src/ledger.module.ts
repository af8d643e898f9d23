import {
  type DynamicModule,
  Global,
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import pg from 'pg';
import { Backlog } from './backlog.js';
import { ExportController } from './export.controller.js';
import type { Guard } from './guard.js';
import { guardAt } from './guard.place.js';
import { HeadReader } from './head.reader.js';
import { KeyRegistry, recordKeyUse } from './key.registry.js';
import type { LedgerOptions } from './ledger.config.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerHealth } from './ledger.health.js';
import { LedgerReader } from './ledger.reader.js';
import { readSide } from './ledger.read-side.js';
import { LedgerService } from './ledger.service.js';
import { GUARD, READ_POOL, SIGNING_KEYS, WRITE_POOL } from './ledger.tokens.js';
import { ensurePartitions } from './partitions.js';
import { ProofController } from './proof.controller.js';
import { ProofService } from './proof.service.js';
import { Publisher } from './publisher.js';
import { Sequencer } from './sequencer.task.js';
import { readSigningKeys, type SigningKeys } from './signing-keys.js';
import { VerificationController } from './verification.controller.js';
import { VerificationTask } from './verification.task.js';

/** Connections for appending: one for each batch that may be under way. */
const WRITERS = 2;
const READERS = 3;

@Global()
@Module({})
export class LedgerModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(WRITE_POOL) private readonly writers: pg.Pool,
    @Inject(READ_POOL) private readonly readers: pg.Pool,
    private readonly ledger: LedgerService,
    private readonly backlog: Backlog,
    private readonly sequencer: Sequencer,
    @Inject(SIGNING_KEYS) private readonly keys: SigningKeys,
    private readonly verifications: VerificationTask,
  ) {
    const log = new Logger('Ledger');
    for (const pool of [writers, readers])
      pool.on('error', (error) => {
        log.warn({ err: error }, 'connection');
      });
  }

  static with(options: LedgerOptions): DynamicModule {
    const pool = (max: number): pg.Pool =>
      new pg.Pool({
        connectionString: options.url,
        max,
        application_name: 'lexecon-ledger',
        connectionTimeoutMillis: 3_000,
        statement_timeout: 5_000,
        query_timeout: 6_000,
        keepAlive: true,
      });
    return {
      module: LedgerModule,
      controllers: [LedgerController, ProofController, ExportController, VerificationController],
      providers: [
        { provide: WRITE_POOL, useFactory: () => pool(WRITERS) },
        { provide: READ_POOL, useFactory: () => pool(READERS) },
        { provide: SIGNING_KEYS, useFactory: () => readSigningKeys(options) },
        { provide: GUARD, useFactory: () => guardAt(options.guard) },
        { provide: Backlog, useFactory: (readers: pg.Pool) => new Backlog(readers), inject: [READ_POOL] },
        {
          provide: LedgerService,
          useFactory: (writers: pg.Pool, readers: pg.Pool, keys: SigningKeys, backlog: Backlog) =>
            new LedgerService(writers, readers, keys, backlog),
          inject: [WRITE_POOL, READ_POOL, SIGNING_KEYS, Backlog],
        },
        ...readSide,
        {
          provide: Publisher,
          useFactory: (keys: SigningKeys, guard: Guard) => new Publisher(keys, guard),
          inject: [SIGNING_KEYS, GUARD],
        },
        {
          provide: Sequencer,
          useFactory: (keys: SigningKeys, publisher: Publisher) => new Sequencer(options.url, keys, publisher),
          inject: [SIGNING_KEYS, Publisher],
        },
        {
          provide: VerificationTask,
          useFactory: (readers: pg.Pool, keys: SigningKeys, guard: Guard, heads: HeadReader, registry: KeyRegistry) =>
            new VerificationTask(options.url, readers, keys, guard, heads, registry),
          inject: [READ_POOL, SIGNING_KEYS, GUARD, HeadReader, KeyRegistry],
        },
      ],
      exports: [LedgerService, LedgerReader, ProofService, LedgerHealth],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#publishReceiptKey();
    await this.backlog.start();
    this.sequencer.start();
  }

  async #publishReceiptKey(): Promise<void> {
    const client = await this.writers.connect();
    try {
      await ensurePartitions(client);
      await recordKeyUse(client, this.keys, this.keys.receipts, new Date());
    } finally {
      client.release();
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.verifications.stop();
    await this.ledger.close();
    await this.sequencer.stop();
    await this.backlog.stop();
    await Promise.all([this.writers.end(), this.readers.end()]);
  }
}
