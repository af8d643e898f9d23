import type { EntryProof } from './core/index.js';

const PERIOD_MS = 50;

type Settle = (proof: EntryProof | null) => void;

/** Asks for all that wait together, every 50 ms, only while somebody waits. */
export class PlaceWaiter {
  readonly #waiting = new Map<string, Set<Settle>>();
  #asking: Promise<void> | undefined;

  constructor(private readonly prove: (entryIds: readonly string[]) => Promise<ReadonlyMap<string, EntryProof>>) {}

  /** Null when there is no proof after `ms` milliseconds. Rejects when the ledger cannot be read. */
  wait(entryId: string, ms: number): Promise<EntryProof | null> {
    return new Promise((resolve, reject) => {
      const settle: Settle = (proof) => {
        clearTimeout(timer);
        const others = this.#waiting.get(entryId);
        others?.delete(settle);
        if (others?.size === 0) this.#waiting.delete(entryId);
        resolve(proof);
      };
      const timer = setTimeout(() => {
        settle(null);
      }, ms);
      this.#waiting.set(entryId, (this.#waiting.get(entryId) ?? new Set()).add(settle));
      this.#asking ??= this.#ask();
      this.#asking.catch((error: unknown) => {
        clearTimeout(timer);
        this.#waiting.delete(entryId);
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }

  async #ask(): Promise<void> {
    try {
      while (this.#waiting.size > 0) {
        const proofs = await this.prove([...this.#waiting.keys()]);
        for (const [entryId, proof] of proofs) for (const settle of this.#waiting.get(entryId) ?? []) settle(proof);
        if (this.#waiting.size > 0) await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
      }
    } finally {
      this.#asking = undefined;
    }
  }
}
