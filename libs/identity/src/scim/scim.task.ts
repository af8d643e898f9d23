import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ScimSync } from './scim-sync.service.js';

const PERIOD_MS = 10_000;
/** Advisory lock: one replica sweeps at a time. */
const SWEEP_LOCK = 7122;

/** Finishes what a crash or an outage left open between a directory's word and its effect, within seconds. */
@Injectable()
export class ScimTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Scim');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly sync: ScimSync,
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
        await this.sync.sweep();
      } finally {
        await runner.manager.query('SELECT pg_advisory_unlock($1)', [SWEEP_LOCK]);
      }
    } catch (error) {
      this.#logger.warn(`people of the directory wait: ${error instanceof Error ? error.name : 'unknown reason'}`);
    } finally {
      await runner.release();
    }
  }
}
