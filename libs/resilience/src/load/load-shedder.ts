import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type ResilienceSettings, SETTINGS } from '../resilience.config.js';
import { observeLoad } from './load.metrics.js';

const BEAT_MS = 50;

/** Knows whether the event loop lags too much to take new work on. Work that has begun is not its business. */
@Injectable()
export class LoadShedder implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #beatAt = performance.now();
  #lag = 0;
  #shed = 0;
  readonly #unobserve = observeLoad({ lag: () => this.lag(), shed: () => this.#shed });

  constructor(@Inject(SETTINGS) private readonly settings: Pick<ResilienceSettings, 'SHED_LAG_MS'>) {}

  onModuleInit(): void {
    this.#beatAt = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#lag = Math.max(0, now - this.#beatAt - BEAT_MS);
      this.#beatAt = now;
    }, BEAT_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
    this.#unobserve();
  }

  /** Milliseconds by which the last beat was late, or by which the next one is already. */
  lag(): number {
    return Math.max(this.#lag, performance.now() - this.#beatAt - BEAT_MS);
  }

  /** True when a new request must be refused: it is counted then. */
  refuses(): boolean {
    const overloaded = this.lag() > this.settings.SHED_LAG_MS;
    if (overloaded) this.#shed += 1;
    return overloaded;
  }
}
