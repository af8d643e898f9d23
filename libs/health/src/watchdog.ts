import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WatchdogData } from './watchdog.worker.js';

export interface Watchdog {
  stop(): Promise<void>;
}

/** Ends the process with SIGKILL once its event loop has not turned for `seconds`: a supervisor can restart a dead process,
 *  not a stalled one. Costs one timer a second and a thread; does not keep the process alive. */
export function watchEventLoop(seconds = 30, tickMs = 1000): Watchdog {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const workerData: WatchdogData = { beats, tickMs, patience: Math.ceil((seconds * 1000) / tickMs) };
  const timer = setInterval(() => Atomics.add(beats, 0, 1), tickMs / 2).unref();
  const worker = new Worker(new URL(`./watchdog.worker${extname(import.meta.url)}`, import.meta.url), {
    workerData,
    execArgv: [],
  });
  worker.unref();
  return {
    async stop() {
      clearInterval(timer);
      await worker.terminate();
    },
  };
}
