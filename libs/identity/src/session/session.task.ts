import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { deleteEnded } from './session.queries.js';

const PERIOD_MS = 600_000;
/** Any number of our own: one replica at a time cleans up. */
const LOCK = 7_301_845;

/** Removes what nobody can use any more. Whether something counts never depends on this having run. */
@Injectable()
export class SessionTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger('Sessions');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#clean().finally(() => {
        this.#running = undefined;
      });
    }, PERIOD_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** False when another replica is at it. */
  async run(): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const [row] = await tx.query<{ mine: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS mine', [LOCK]);
      if (row?.mine === true) await deleteEnded(tx);
      return row?.mine === true;
    });
  }

  async #clean(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.#log.warn({ err: error }, 'ended sessions stay');
    }
  }
}
