import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AccessReviewService } from './access-review.service.js';
import { ClosingService } from './closing.service.js';

const PERIOD_MS = 60_000;

/** Opens the campaigns of the calendar and closes what is due. Safe with many replicas: the database lets one of them do each. */
@Injectable()
export class AccessReviewTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger('AccessReview');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly reviews: AccessReviewService,
    private readonly closings: ClosingService,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.run(new Date())
        .catch((error: unknown) => {
          this.#log.warn({ err: error }, 'access reviews wait');
        })
        .finally(() => {
          this.#running = undefined;
        });
    }, PERIOD_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async run(now: Date): Promise<void> {
    await this.closings.closeDue(now);
    await this.reviews.openByCalendar(now);
  }
}
