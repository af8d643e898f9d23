import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

/** Samples of the main thread are taken this often, in microseconds. */
const INTERVAL_US = 500;

/** Takes CPU profiles of this process, from `start` to `stop`. */
export class Profiler {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    await this.#session.post('Profiler.start');
  }

  /** Leaves the profile in `file`, as Chrome's and Node's tools read it. */
  async stop(file: string): Promise<void> {
    const { profile } = await this.#session.post('Profiler.stop');
    writeFileSync(file, JSON.stringify(profile));
    this.#session.disconnect();
  }
}
