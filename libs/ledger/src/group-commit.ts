import type { Freshness, Prepared } from './batch.js';
import { LedgerUnavailable } from './failure.js';
import type { Receipt } from './core/index.js';

/** Most entries and bytes that go out in one statement. */
const MOST_ENTRIES = 512;
const MOST_BYTES = 1024 * 1024;
/** Most entries that may wait; one more is refused. */
const MOST_WAITING = 4096;
/** Statements of this replica under way at once. More would only make batches smaller. */
const SLOTS = 2;
/** How long a caller waits for a definite outcome, in milliseconds. */
const PATIENCE_MS = 5_000;

/** What one call appended together: never split across batches. */
export interface Bundle {
  readonly prepared: readonly Prepared[];
  readonly freshness: Freshness;
  readonly bytes: number;
  readonly since: number;
  settle(receipts: readonly Receipt[]): void;
  refuse(error: Error): void;
}

/** Writes these bundles as one batch and settles or refuses every one of them. Resolves when the outcome is definite, however long
 *  that takes; never rejects. */
export type Commit = (bundles: readonly Bundle[]) => Promise<void>;

/** Gathers what arrives in one turn of the event loop, and while both slots are busy, into batches. No timer: alone, an entry goes
 *  out at once. */
export class GroupCommit {
  #waiting: Bundle[] = [];
  #entries = 0;
  #busy = 0;
  #scheduled = false;
  readonly #unsettled = new Set<Bundle>();
  #patience: NodeJS.Timeout | undefined;

  constructor(private readonly commit: Commit) {}

  /** Receipts in the order of `prepared`. Rejects with LedgerUnavailable, Superseded or AlreadyRecorded. */
  add(prepared: readonly Prepared[], freshness: Freshness): Promise<readonly Receipt[]> {
    if (this.#entries + prepared.length > MOST_WAITING)
      return Promise.reject(new LedgerUnavailable('too many entries wait to be recorded', false));
    return new Promise((resolve, reject) => {
      const bundle: Bundle = {
        prepared,
        freshness,
        bytes: prepared.reduce((sum, one) => sum + sizeOf(one), 0),
        since: performance.now(),
        settle: (receipts) => {
          this.#unsettled.delete(bundle);
          resolve(receipts);
        },
        refuse: (error) => {
          this.#unsettled.delete(bundle);
          reject(error);
        },
      };
      this.#unsettled.add(bundle);
      this.#waiting.push(bundle);
      this.#entries += prepared.length;
      this.#patience ??= setInterval(() => {
        this.#giveUp();
      }, PATIENCE_MS / 20);
      this.#schedule();
    });
  }

  /** Resolves when nothing waits any more and every batch sent has a definite outcome, or after `ms`. */
  async drain(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while ((this.#waiting.length > 0 || this.#busy > 0) && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 10));
    clearInterval(this.#patience);
  }

  /** Entries that wait for a slot. */
  get waiting(): number {
    return this.#entries;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#busy < SLOTS && this.#waiting.length > 0) this.#send();
    });
  }

  #send(): void {
    const bundles = this.#cut();
    this.#busy += 1;
    void this.commit(bundles).finally(() => {
      this.#busy -= 1;
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #cut(): readonly Bundle[] {
    let entries = 0;
    let bytes = 0;
    let count = 0;
    for (const bundle of this.#waiting) {
      entries += bundle.prepared.length;
      bytes += bundle.bytes;
      if (count > 0 && (entries > MOST_ENTRIES || bytes > MOST_BYTES)) break;
      count += 1;
    }
    const bundles = this.#waiting.splice(0, count);
    this.#entries -= bundles.reduce((sum, bundle) => sum + bundle.prepared.length, 0);
    return bundles;
  }

  /** Callers do not wait for ever: what was never sent is withdrawn, what was sent stays with its batch until that is definite. */
  #giveUp(): void {
    const late = performance.now() - PATIENCE_MS;
    const withdrawn = this.#waiting.filter((bundle) => bundle.since < late);
    if (withdrawn.length > 0) {
      this.#waiting = this.#waiting.filter((bundle) => bundle.since >= late);
      this.#entries -= withdrawn.reduce((sum, bundle) => sum + bundle.prepared.length, 0);
      for (const bundle of withdrawn) bundle.refuse(new LedgerUnavailable('the ledger does not answer', false));
    }
    for (const bundle of this.#unsettled)
      if (bundle.since < late)
        bundle.refuse(new LedgerUnavailable('nobody can tell yet whether it was recorded', true));
    if (this.#unsettled.size > 0 || this.#waiting.length > 0) return;
    clearInterval(this.#patience);
    this.#patience = undefined;
  }
}

const sizeOf = ({ sealed, leaf }: Prepared): number =>
  leaf.length +
  sealed.publicJson.length +
  32 * sealed.commitments.length +
  sealed.groups.reduce((sum, group) => sum + group.ciphertext.length, 0);
