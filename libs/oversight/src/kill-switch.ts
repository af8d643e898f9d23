import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ProblemError } from '@lexecon/auth';
import { LedgerService } from '@lexecon/ledger';

const PERIOD_MS = 300;
/** A switch that was read longer ago than this is not known any more, in milliseconds. */
const BOUND_MS = 1_000;

/** The switch's epoch as this replica knows it. Every decision carries it, and the ledger's statement refuses a superseded one. */
@Injectable()
export class KillSwitch implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger('KillSwitch');
  #epoch = 0;
  #readAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  readonly #followers: (() => Promise<void>)[] = [];

  constructor(private readonly ledger: LedgerService) {}

  /** Throws ProblemError 503 when the switch could not be read within the last second. */
  epoch(): number {
    if (performance.now() - this.#readAt > BOUND_MS)
      throw new ProblemError({
        status: 503,
        type: 'kill-switch-unknown',
        title: 'The kill switch cannot be read',
        retryAfter: 1,
      });
    return this.#epoch;
  }

  /** `refresh` brings what a decision also depends on; it is called before a new epoch counts here, so that nothing older than the
   *  epoch is ever decided by under it. While it fails the new epoch is not known. */
  follow(refresh: () => Promise<void>): void {
    this.#followers.push(refresh);
  }

  /** Reads the switch now. */
  async refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.refresh();
    this.#timer = setInterval(() => {
      this.refresh().catch((error: unknown) => {
        this.#log.warn({ err: error }, 'not read');
      });
    }, PERIOD_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading?.catch(() => undefined);
  }

  async #read(): Promise<void> {
    const asked = performance.now();
    const { kill } = await this.ledger.epochs();
    if (kill !== this.#epoch) await Promise.all(this.#followers.map((refresh) => refresh()));
    this.#epoch = kill;
    this.#readAt = asked;
  }
}
