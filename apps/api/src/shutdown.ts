import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { HealthService } from '@lexecon/health';
import type { Settings } from './settings.js';

type Times = Pick<Settings, 'SHUTDOWN_DELAY_MS' | 'SHUTDOWN_TIMEOUT_MS'>;

/** Ends the server at the first SIGTERM or SIGINT without dropping a request: not ready, wait until load balancers know and
 *  until it has `started`, finish what runs, close the rooms, run `last`. A second signal, or SHUTDOWN_TIMEOUT_MS, ends it at once. */
export function shutDownOnSignal(
  app: NestFastifyApplication,
  logger: Logger,
  times: Times,
  started: Promise<void>,
  last: () => Promise<void>,
): void {
  let leaving = false;
  const leave = async (signal: string): Promise<void> => {
    if (leaving) end(logger, 1, 'ended by a second signal');
    leaving = true;
    logger.info({ signal }, 'shutting down');
    app.get(HealthService).drain();
    await sleep(times.SHUTDOWN_DELAY_MS);
    setTimeout(() => end(logger, 1, 'running requests took too long'), times.SHUTDOWN_TIMEOUT_MS).unref();
    await started;
    await app.close();
    await last();
    end(logger, 0, 'shut down');
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      leave(signal).catch((error: unknown) => {
        logger.error({ err: error }, 'shutting down failed');
        end(logger, 1, 'ended after a failed shutdown');
      });
    });
}

/** Writes what the log still holds, then ends the process. */
export function end(logger: Logger, code: number, message: string): never {
  logger.info({ code }, message);
  logger.flush();
  process.exit(code);
}
