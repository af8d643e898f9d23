import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PERIOD_MS = 10;

/** Looks at the guard's checkpoint all the time and keeps every size that it held. */
export class GuardWatch {
  readonly sizes: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly folder: string) {
    this.#timer = setInterval(() => {
      this.#look();
    }, PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const [name] = readdirSync(this.folder).filter((file) => file.endsWith('.checkpoint'));
    const size = name === undefined ? NaN : Number(readFileSync(join(this.folder, name), 'utf8').split('\n')[1]);
    if (Number.isInteger(size) && size !== this.sizes.at(-1)) this.sizes.push(size);
  }
}
