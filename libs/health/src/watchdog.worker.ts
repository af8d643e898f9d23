import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** What the watchdog's thread is given: `beats[0]` counts the turns of the event loop that it watches. */
export interface WatchdogData {
  readonly beats: Int32Array;
  readonly tickMs: number;
  /** So many ticks of this thread without a beat, and the process ends. Ticks, not hours: a sleeping machine stalls both. */
  readonly patience: number;
}

const { beats, tickMs, patience } = workerData as WatchdogData;
let seen = -1;
let silent = 0;

setInterval(() => {
  const now = Atomics.load(beats, 0);
  silent = now === seen ? silent + 1 : 0;
  seen = now;
  if (silent < patience) return;
  writeSync(
    2,
    `${JSON.stringify({ level: 'fatal', msg: 'the event loop has stalled; ending the process', ticks: silent })}\n`,
  );
  process.kill(process.pid, 'SIGKILL');
}, tickMs);
