import type { EntryProof } from './core/index.js';

const PERIOD_MS = 50;

interface Waiting {
  settle(proof: EntryProof | null): void;
  fail(error: unknown): void;
}

/** Asks for all that wait together, every 50 ms, only while somebody waits. */
export class PlaceWaiter {
  readonly #waiting = new Map<string, Set<Waiting>>();
  #asking = false;

  constructor(private readonly prove: (entryIds: readonly string[]) => Promise<ReadonlyMap<string, EntryProof>>) {}

  /** Null when there is no proof after `ms` milliseconds. Rejects when the ledger cannot be read. */
  wait(entryId: string, ms: number): Promise<EntryProof | null> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        const others = this.#waiting.get(entryId);
        others?.delete(one);
        if (others?.size === 0) this.#waiting.delete(entryId);
      };
      const one: Waiting = {
        settle: (proof) => {
          done();
          resolve(proof);
        },
        fail: (error) => {
          done();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      const timer = setTimeout(() => {
        one.settle(null);
      }, ms);
      this.#waiting.set(entryId, (this.#waiting.get(entryId) ?? new Set()).add(one));
      if (!this.#asking) void this.#ask();
    });
  }

  /** Nothing of those who waited is kept once they are answered, however long others go on waiting. Never rejects. */
  async #ask(): Promise<void> {
    this.#asking = true;
    while (this.#waiting.size > 0) {
      const asked = [...this.#waiting.keys()];
      try {
        const proofs = await this.prove(asked);
        for (const [entryId, proof] of proofs) for (const one of this.#waiting.get(entryId) ?? []) one.settle(proof);
      } catch (error) {
        for (const entryId of asked) for (const one of this.#waiting.get(entryId) ?? []) one.fail(error);
      }
      if (this.#waiting.size > 0) await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    }
    this.#asking = false;
  }
}
