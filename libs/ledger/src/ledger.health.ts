import type { Backlog } from './backlog.js';
import { MAXIMUM_MERGE_DELAY_MS } from './core/index.js';
import type { Sequencer } from './sequencer.task.js';

/** Whether entries can be recorded, and how soon they come under a checkpoint. */
export class LedgerHealth {
  readonly name = 'ledger';
  readonly parts = ['health', 'ready'] as const;

  constructor(
    private readonly sequencer: Pick<Sequencer, 'halted'>,
    private readonly backlog: Pick<Backlog, 'refusal' | 'ageMs'>,
  ) {}

  /** `down` when nothing can be appended; `degraded` when entries wait for more than half the maximum merge delay, or this replica
   *  cannot sign. */
  check(): Promise<'up' | 'degraded' | 'down'> {
    if (this.backlog.refusal() !== null) return Promise.resolve('down');
    const late = this.backlogAgeMs() > MAXIMUM_MERGE_DELAY_MS / 2;
    return Promise.resolve(late || this.haltedReason() !== null ? 'degraded' : 'up');
  }

  /** Why this replica signs no checkpoints; null while all is well. */
  haltedReason(): string | null {
    return this.sequencer.halted;
  }

  /** Milliseconds that the oldest entry has been waiting for a guarded checkpoint. */
  backlogAgeMs(): number {
    return this.backlog.ageMs();
  }
}
