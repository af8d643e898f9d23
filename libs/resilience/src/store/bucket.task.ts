import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { BucketStore } from './bucket.store.js';
import { PostgresStore } from './postgres.store.js';
import { BUCKET_STORE } from './shared-limits.js';
import { ValkeyStore } from './valkey.store.js';

const PERIOD_MS = 600_000;

/** Connects the store, and lets full buckets go where they do not end by themselves. Deleting twice is harmless, so every replica may. */
@Injectable()
export class BucketTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('LimitsStore');
  #timer: NodeJS.Timeout | undefined;

  constructor(@Inject(BUCKET_STORE) private readonly store: BucketStore) {}

  onApplicationBootstrap(): void {
    const { store } = this;
    if (store instanceof ValkeyStore) store.connect();
    if (!(store instanceof PostgresStore)) return;
    this.#timer = setInterval(() => {
      store.prune().catch((error: unknown) => this.#logger.warn({ err: error }, 'full buckets stay'));
    }, PERIOD_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    if (this.store instanceof ValkeyStore) this.store.close();
  }
}
