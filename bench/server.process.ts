import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './orders.js';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What is measured is the work, the limits' own among it, not where they end. */
const unlimited = { LIMIT_DECISION: '1000000/s', LIMIT_WRITE: '1000000/s', LIMIT_ADDRESS: '1000000/s' };

/** A server process of its own, started with the flags of `npm start`, its log written to a file. */
export class ServerProcess {
  private constructor(
    readonly port: number,
    readonly pid: number,
    private readonly child: ChildProcess,
  ) {}

  /** Resolves when it is ready and the demo policies are active. `folder` holds keys, guard and logs. */
  static async start(
    folder: string,
    databaseUrl: string,
    apiKey: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const port = await freePort();
    const log = openSync(join(folder, `server-${port}.log`), 'a');
    const env = {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      LEXECON_DATA_DIR: folder,
      LEXECON_DEMO_KEY: apiKey,
      PORT: String(port),
      ...unlimited,
      ...settings,
      ...(process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] && {
        OTEL_EXPORTER_OTLP_ENDPOINT: process.env['OTEL_EXPORTER_OTLP_ENDPOINT'],
      }),
    };
    const args = ['--enable-source-maps', '--import', file('../apps/api/src/telemetry.js'), file('server.js')];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    await answer(child, 'ready', join(folder, `server-${port}.log`));
    return new ServerProcess(port, child.pid ?? 0, child);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves with what it says when it was carried out. */
  async order(order: Order): Promise<Report> {
    const done = answer(this.child, 'done', 'the server’s log');
    this.child.send(order);
    return done;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }
}

function answer(child: ChildProcess, said: Report['said'], log: string): Promise<Report> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`a server ended; ${log} says why`));
    child.once('exit', onExit);
    child.on('message', function listen(report: Report) {
      if (report.said !== said) return;
      child.off('message', listen).off('exit', onExit);
      resolve(report);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  });
}
