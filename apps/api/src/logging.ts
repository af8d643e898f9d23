import { Logger as NestLogger, PinoLogger } from 'nestjs-pino';
import { type DestinationStream, type Logger, pino, type LoggerOptions } from 'pino';
import { requestContext } from './logging.context.js';
import type { Settings } from './settings.js';

/** The one logger of the process. Lines are gathered for at most half a second, faults are written at once. */
export function createLogger({ LOG_LEVEL }: Pick<Settings, 'LOG_LEVEL'>, destination?: DestinationStream): Logger {
  return pino(
    options(LOG_LEVEL),
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 8192, periodicFlush: 500 }),
  );
}

const options = (level: string): LoggerOptions => ({
  level,
  base: { service: 'lexecon' },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
  mixin: () => requestContext.getStore() ?? {},
  serializers: { err: describeFault, error: describeFault },
});

/** Nest's account of every module and route at boot says nothing to who runs the server. */
const bootTalk = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

class AppLogger extends NestLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!bootTalk.has(rest.at(-1))) super.log(message, ...rest);
  }
}

/** What Nest and every `new Logger(…)` in a room write through, onto `logger`. The line per request is not made here: a child
 *  logger for each request costs more than the whole of `logAccess`. */
export const appLogger = (logger: Logger): NestLogger => new AppLogger(new PinoLogger({ pinoHttp: { logger } }), {});

export interface FaultDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly constraint?: string;
  readonly frames: readonly string[];
  readonly cause?: FaultDescription;
}

/** What may be written about a fault. Messages quote what they choke on, and the database quotes whole rows: neither quoted text
 *  nor the message of a database error, its parameters or its detail ever reaches a log. */
export function describeFault(fault: unknown): FaultDescription {
  if (!(fault instanceof Error))
    return { type: typeof fault, message: 'something that is no error was thrown', frames: [] };
  const code = stringOf(fault, 'code');
  const constraint = stringOf(fault, 'constraint');
  return {
    type: fault.name,
    message: fromDatabase(fault) ? 'the database refused the statement' : withoutQuotes(fault.message),
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint }),
    frames: framesOf(fault),
    ...(fault.cause === undefined ? {} : { cause: describeFault(fault.cause) }),
  };
}

const fromDatabase = (fault: Error): boolean => 'driverError' in fault || ('severity' in fault && 'routine' in fault);

const withoutQuotes = (message: string): string =>
  message
    .replace(/".*"|".*$/s, '…')
    .slice(0, 500)
    .replace(/'[^']*'|`[^`]*`|\S*@\S*/g, '…');

/** A message may look like frames itself: only what follows it counts. */
const framesOf = ({ stack = '', message }: Error): readonly string[] =>
  stack
    .slice(Math.max(stack.indexOf(message), 0) + message.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .map((line) => line.trim().slice('at '.length));

function stringOf(fault: object, key: string): string | undefined {
  const value: unknown = Reflect.get(fault, key);
  return typeof value === 'string' ? value : undefined;
}
