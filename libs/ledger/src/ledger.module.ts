import { type DynamicModule, Global, Inject, Logger, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Backlog } from './backlog.js';
import { Guard } from './guard.js';
import type { LedgerOptions } from './ledger.config.js';
import { LedgerReader } from './ledger.reader.js';
import { LedgerService } from './ledger.service.js';
import { Publisher } from './publisher.js';
import { Sequencer } from './sequencer.task.js';
import { readSigningKeys, type SigningKeys } from './signing-keys.js';

/** Connections for appending: one for each batch that may be under way. */
const WRITERS = 2;
const READERS = 3;

export const WRITE_POOL = Symbol('ledger write pool');
export const READ_POOL = Symbol('ledger read pool');
export const SIGNING_KEYS = Symbol('ledger signing keys');

@Global()
@Module({})
export class LedgerModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(WRITE_POOL) private readonly writers: pg.Pool,
    @Inject(READ_POOL) private readonly readers: pg.Pool,
    private readonly ledger: LedgerService,
    private readonly backlog: Backlog,
    private readonly sequencer: Sequencer,
  ) {
    const log = new Logger('Ledger');
    for (const pool of [writers, readers])
      pool.on('error', (error) => {
        log.warn(`connection: ${error.message}`);
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
      providers: [
        { provide: WRITE_POOL, useFactory: () => pool(WRITERS) },
        { provide: READ_POOL, useFactory: () => pool(READERS) },
        { provide: SIGNING_KEYS, useFactory: () => readSigningKeys(options) },
        { provide: Guard, useFactory: () => new Guard(options.guard) },
        { provide: Backlog, useFactory: (readers: pg.Pool) => new Backlog(readers), inject: [READ_POOL] },
        {
          provide: LedgerService,
          useFactory: (writers: pg.Pool, readers: pg.Pool, keys: SigningKeys, backlog: Backlog) =>
            new LedgerService(writers, readers, keys, backlog),
          inject: [WRITE_POOL, READ_POOL, SIGNING_KEYS, Backlog],
        },
        {
          provide: LedgerReader,
          useFactory: (readers: pg.Pool, keys: SigningKeys) => new LedgerReader(readers, keys),
          inject: [READ_POOL, SIGNING_KEYS],
        },
        { provide: Publisher, useFactory: (keys: SigningKeys, guard: Guard) => new Publisher(keys, guard), inject: [SIGNING_KEYS, Guard] },
        {
          provide: Sequencer,
          useFactory: (keys: SigningKeys, publisher: Publisher) => new Sequencer(options.url, keys, publisher),
          inject: [SIGNING_KEYS, Publisher],
        },
      ],
      exports: [LedgerReader, LedgerService],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.backlog.start();
    this.sequencer.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.ledger.close();
    await this.sequencer.stop();
    await this.backlog.stop();
    await Promise.all([this.writers.end(), this.readers.end()]);
  }
}
