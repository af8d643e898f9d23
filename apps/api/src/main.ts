import { DataSource } from 'typeorm';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { migrate } from '@lexecon/database';
import { watchEventLoop } from '@lexecon/health';
import { refuseDemo } from './demo.js';
import { createLogger } from './logging.js';
import { createServer } from './server.js';
import { isLoopback, parseSettings, type Settings, unknownNames, WrongSettings } from './settings.js';
import { end, shutDownOnSignal } from './shutdown.js';
import { startFailure } from './start.failure.js';
import { stopTelemetry } from './telemetry.js';
import { welcome } from './welcome.js';

/** EX_CONFIG of sysexits.h: what a supervisor should not try again unchanged. */
const EXIT_CONFIG = 78;

const settings = settingsOrExit();
const logger = createLogger(settings);

process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, 'a fault that nobody caught');
  end(logger, 70, 'ended by a fault');
});

try {
  await start(settings);
} catch (error) {
  const { message, wrongSettings } = startFailure(error);
  logger.fatal({ err: error }, message);
  end(logger, wrongSettings ? EXIT_CONFIG : 1, 'ended');
}

async function start({ NODE_ENV, HOST, PORT, DATABASE_URL = '' }: Settings): Promise<void> {
  for (const name of unknownNames(process.env)) logger.warn({ name }, 'a setting of this name does not exist');
  const applied = await migrate(DATABASE_URL);
  if (applied.length > 0) logger.info({ migrations: applied }, 'schema brought up to date');
  const app = await createServer(settings, logger);
  if (NODE_ENV === 'production' || !isLoopback(HOST)) await refuseDemo(app.get(DataSource));
  const watchdog = watchEventLoop();
  const started = open(app, PORT, HOST);
  shutDownOnSignal(app, logger, settings, started, async () => {
    await watchdog.stop();
    await stopTelemetry();
  });
  await started;
}

async function open(app: NestFastifyApplication, port: number, host: string): Promise<void> {
  await app.listen(port, host);
  const address = await app.getUrl();
  logger.info({ address }, 'listening');
  process.stdout.write(`\n${(await welcome(app, settings, address)).join('\n')}\n`);
}

function settingsOrExit(): Settings {
  try {
    const parsed = parseSettings(process.env);
    if (parsed.DATABASE_URL !== undefined) return parsed;
    throw new WrongSettings([{ name: 'DATABASE_URL', detail: 'is not set; `npm start` brings its own database' }]);
  } catch (error) {
    if (!(error instanceof WrongSettings)) throw error;
    process.stderr.write(
      `Lexecon cannot start with these settings (docs/configuration.md describes them):\n${error.message}\n`,
    );
    process.exit(EXIT_CONFIG);
  }
}
