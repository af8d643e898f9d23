import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { UseService } from './use.service.js';

const PERIOD_MS = 1_000;

/** Raises the alarm about a second after the break-glass account was signed in with. Safe with many replicas: one announces a use. */
@Injectable()
export class UseTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger('BreakGlass');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly uses: UseService) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#announce().finally(() => {
        this.#running = undefined;
      });
    }, PERIOD_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #announce(): Promise<void> {
    try {
      await this.uses.announce();
    } catch (error) {
      this.#log.warn({ err: error }, 'uses of the break-glass account wait to be announced');
    }
  }
}
