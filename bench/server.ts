// The server as it ships, in a process that the load talks to: one more route that does nothing, and on order a hash chain in place
// of the ledger, behind the very same decision route.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Module } from '@nestjs/common';
import { watchEventLoop } from '@lexecon/health';
import { migrate } from '@lexecon/database';
import { type Item, LedgerService } from '@lexecon/ledger';
import { AppModule } from '../apps/api/src/app.module.js';
import { ensureDemo } from '../apps/api/src/demo.js';
import { createLogger } from '../apps/api/src/logging.js';
import { createServer } from '../apps/api/src/server.js';
import { parseSettings } from '../apps/api/src/settings.js';
import { end, shutDownOnSignal } from '../apps/api/src/shutdown.js';
import { stopTelemetry } from '../apps/api/src/telemetry.js';
import { ChainLedger } from './chain.ledger.js';
import { NoopController } from './noop.controller.js';
import type { Delay, Order, Report } from './orders.js';
import { Profiler } from './profiler.js';

const settings = parseSettings(process.env);
const url = settings.DATABASE_URL ?? '';
const logger = createLogger(settings);
process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, 'a fault that nobody caught');
  end(logger, 70, 'ended by a fault');
});

await migrate(url);
Module({ controllers: [NoopController] })(AppModule);
const app = await createServer(settings, logger);
const watchdog = watchEventLoop();
const chain = await ChainLedger.open(url);
const profiler = new Profiler();
const delay = monitorEventLoopDelay({ resolution: 1 });

const ledger = app.get(LedgerService, { strict: false });
const append = ledger.append.bind(ledger);
let chained = false;
ledger.append = (items: readonly Item[], freshness) => (chained ? chain.append(items) : append(items, freshness));

const started = app.listen(settings.PORT, settings.HOST).then(() => ensureDemo(app, settings));
shutDownOnSignal(
  app,
  logger,
  settings,
  started.then(() => undefined),
  async () => {
    await chain.close();
    await watchdog.stop();
    await stopTelemetry();
  },
);
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
await started;

process.on('message', (order: Order) => {
  void carryOut(order).then((found) => tell({ said: 'done', delay: found }));
});
tell({ said: 'ready' });

async function carryOut(order: Order): Promise<Delay | undefined> {
  switch (order.do) {
    case 'ledger':
      chained = order.as === 'chain';
      return undefined;
    case 'profile':
      await profiler.start();
      return undefined;
    case 'stop-profile':
      await profiler.stop(order.file);
      return undefined;
    case 'delay':
      delay.reset();
      delay.enable();
      return undefined;
    case 'stop-delay':
      delay.disable();
      return { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
  }
}

function tell(report: Report): void {
  process.send?.(report);
}
