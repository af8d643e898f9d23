import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Breaker, type BreakerOptions } from './breaker.js';
import { observeBreakers } from './breaker.metrics.js';

/** The circuit breakers of this process, one for each other system that we call. */
@Injectable()
export class Breakers implements OnModuleDestroy {
  readonly #breakers = new Map<string, Breaker>();
  readonly #unobserve = observeBreakers(() => this.#breakers.values());
  readonly #logger = new Logger(Breakers.name);

  /** The breaker of this name, made at the first call with `options`; later ones are ignored. A name says what is called
   *  (`oidc:acme`, `s3:guard`) and comes from settings or code, never from a request: each is a time series and stays. */
  named(name: string, options: BreakerOptions = {}): Breaker {
    const known = this.#breakers.get(name);
    if (known) return known;
    const breaker = new Breaker(name, options, (state) => this.#logger.warn(`circuit breaker ${name} is ${state}`));
    this.#breakers.set(name, breaker);
    return breaker;
  }

  /** Names of those that are open or half open. */
  broken(): readonly string[] {
    return [...this.#breakers.values()].filter(({ state }) => state !== 'closed').map(({ name }) => name);
  }

  onModuleDestroy(): void {
    this.#unobserve();
  }
}
