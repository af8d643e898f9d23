import { Logger } from '@nestjs/common';

/** When an unanswered refresh is given up for another one, in milliseconds. */
const PATIENCE_MS = 2_000;

/** Something kept in memory that follows the database: read at the start, then at a period, and known to be at most so old. */
export class Refreshed {
  readonly #logger: Logger;
  #asOf = -Infinity;
  #turn = 0;
  #latest = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `read` answers what to do with what it read; that is done only when no later read overtook it. */
  constructor(
    private readonly name: string,
    private readonly periodMs: number,
    private readonly read: () => Promise<() => void>,
  ) {
    this.#logger = new Logger(name);
  }

  /** Milliseconds since what is in memory was certainly all there was. */
  get age(): number {
    return performance.now() - this.#asOf;
  }

  /** Resolves once everything that was committed before the call is here. */
  refresh(): Promise<void> {
    this.#turn += 1;
    this.#latest = this.#refresh(this.#turn);
    return this.#latest;
  }

  /** As `refresh`, after a change that was made here: when it fails the change stands, and the next read brings it. */
  async catchUp(): Promise<void> {
    await this.refresh().catch(() => undefined);
  }

  async start(): Promise<void> {
    await this.refresh();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #refresh(turn: number): Promise<void> {
    const asked = performance.now();
    const apply = await this.read();
    if (turn !== this.#turn) return this.#latest;
    apply();
    this.#asOf = asked;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.#tick().finally(() => {
        this.#schedule();
      });
    }, this.periodMs).unref();
  }

  async #tick(): Promise<void> {
    let patience: NodeJS.Timeout | undefined;
    const impatient = new Promise<never>((_, reject) => {
      patience = setTimeout(reject, PATIENCE_MS, new Error(`no answer within ${String(PATIENCE_MS)} ms`));
    });
    try {
      await Promise.race([this.refresh(), impatient]);
    } catch (error) {
      if (!this.#stopped) this.#logger.warn({ err: error }, `${this.name} was not refreshed`);
    } finally {
      clearTimeout(patience);
    }
  }
}
