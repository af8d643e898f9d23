/** One thing that is wrong with the stored log, and where. */
export interface Finding {
  readonly kind: 'entry' | 'batch' | 'sequence' | 'tile' | 'head' | 'signature' | 'history' | 'shard';
  /** `entry 17`, `tile/0/001`, `checkpoint of size 402`. */
  readonly place: string;
  readonly detail: string;
}

const MOST = 100;

/** Findings in the order found; beyond a hundred they are only counted. */
export class Findings {
  readonly #kept: Finding[] = [];
  #count = 0;
  #headsWrong = false;

  add(kind: Finding['kind'], place: string, detail: string): void {
    this.#count += 1;
    if (this.#kept.length < MOST) this.#kept.push({ kind, place, detail });
  }

  /** Every head after a wrong entry is wrong: only the first is told. */
  addHead(place: string, detail: string): void {
    if (!this.#headsWrong) this.add('head', place, detail);
    this.#headsWrong = true;
  }

  get kept(): readonly Finding[] {
    return this.#kept;
  }

  get count(): number {
    return this.#count;
  }
}
