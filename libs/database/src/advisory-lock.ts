import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource } from 'typeorm';

/** How often the lock is asked for, in milliseconds. */
const PERIOD_MS = 100;

/** Does `work` while this process, alone of all that use the database, holds the lock `key`; waits for it as long as that takes. It is
 *  asked for again and again instead of waited for in the database: a statement that waits keeps its snapshot, and an index that is built
 *  concurrently by the lock's holder would wait for that snapshot, for ever. */
export async function underLock<T>(source: DataSource, key: number, work: () => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    for (;;) {
      const [row] = await runner.manager.query<{ taken: boolean }[]>('SELECT pg_try_advisory_lock($1) AS taken', [key]);
      if (row?.taken) break;
      await pause(PERIOD_MS);
    }
    try {
      return await work();
    } finally {
      await runner.manager.query('SELECT pg_advisory_unlock($1)', [key]);
    }
  } finally {
    await runner.release();
  }
}
