/** Which arrival numbers are still owed. A number is drawn before its transaction commits, so a gap is a batch that is under way, or
 *  one that was aborted. A new gap is fenced with a transaction id allocated after the read that saw it: once every transaction older
 *  than the fence is over and the number is still not visible, it never will be. */
export class Arrivals {
  /** Arrival number -> fence; null until the fence is known. */
  readonly #missing: Map<number, bigint | null>;

  constructor(
    readonly highest: number,
    missing: ReadonlyMap<number, bigint | null> = new Map<number, bigint | null>(),
  ) {
    this.#missing = new Map(missing);
  }

  get missing(): readonly number[] {
    return [...this.#missing.keys()];
  }

  /** Every number up to here is sequenced or dead. */
  get low(): number {
    let least = this.highest + 1;
    for (const arrival of this.#missing.keys()) least = Math.min(least, arrival);
    return least - 1;
  }

  get unfenced(): boolean {
    return [...this.#missing.values()].includes(null);
  }

  /** What is owed after a read that saw `seen` while the oldest transaction still running was `xmin`. */
  after(seen: readonly number[], xmin: bigint): Arrivals {
    const visible = new Set(seen);
    const highest = seen.reduce((most, arrival) => Math.max(most, arrival), this.highest);
    const missing = new Map<number, bigint | null>();
    for (const [arrival, fence] of this.#missing)
      if (!visible.has(arrival) && (fence === null || fence > xmin)) missing.set(arrival, fence);
    for (let arrival = this.highest + 1; arrival <= highest; arrival++)
      if (!visible.has(arrival)) missing.set(arrival, null);
    return new Arrivals(highest, missing);
  }

  /** The same with every new gap fenced by `xid`, which must have been allocated after the read that saw it. */
  fenced(xid: bigint): Arrivals {
    return new Arrivals(this.highest, new Map([...this.#missing].map(([arrival, fence]) => [arrival, fence ?? xid])));
  }
}
