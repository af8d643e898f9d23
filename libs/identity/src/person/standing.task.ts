import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { StandingService } from './standing.service.js';

const PERIOD_MS = 600_000;
/** Advisory lock: one replica sweeps at a time. */
const SWEEP_LOCK = 7111;

/** Disables idle accounts and finishes deletions, within ten minutes of the time. */
@Injectable()
export class StandingTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger('People');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly standing: StandingService,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.sweep().finally(() => {
        this.#running = undefined;
      });
    }, PERIOD_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Does nothing while another replica does it. What fails is tried again at the next time. */
  async sweep(): Promise<void> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const [row] = await runner.manager.query<{ free: boolean }[]>('SELECT pg_try_advisory_lock($1) AS free', [
        SWEEP_LOCK,
      ]);
      if (!row?.free) return;
      try {
        await this.standing.disableIdle();
        await this.standing.eraseDeleted();
      } finally {
        await runner.manager.query('SELECT pg_advisory_unlock($1)', [SWEEP_LOCK]);
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'idle accounts and deletions wait');
    } finally {
      await runner.release();
    }
  }
}
