import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Idempotency } from './idempotency.js';

const PERIOD_MS = 600_000;

/** Forgets idempotency keys after a day. Deleting twice is harmless, so every replica may run it. */
@Injectable()
export class IdempotencyTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger('Idempotency');
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly idempotency: Idempotency) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.idempotency.prune(new Date()).catch((error: unknown) => {
        this.#log.warn({ err: error }, 'old keys stay');
      });
    }, PERIOD_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }
}
