import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ReviewService } from './review.service.js';

const PERIOD_MS = 1_000;

/** Ends reviews at their deadline. Safe with many replicas: rows that another one holds are passed over. */
@Injectable()
export class ReviewTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger('Reviews');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly reviews: ReviewService) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#expire().finally(() => {
        this.#running = undefined;
      });
    }, PERIOD_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #expire(): Promise<void> {
    try {
      await this.reviews.expire(new Date());
    } catch (error) {
      this.#log.warn({ err: error }, 'reviews past their deadline wait');
    }
  }
}
