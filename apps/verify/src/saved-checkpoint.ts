import type { Checkpoint, CompactRange, NoteVerifier } from '@lexecon/crypto';
import type { ExportHeader } from '@lexecon/ledger/core';
import { openCheckpoint } from './checkpoint.js';
import { Invalid, Undecided } from './verdict.js';

/** A checkpoint kept from earlier: the export must pass through it. */
export class SavedCheckpoint {
  private met = false;

  private constructor(private readonly saved: Checkpoint) {}

  /** Throws Invalid, and Undecided when this export does not reach the place that the checkpoint is about. */
  static of(
    note: string,
    verifiers: readonly NoteVerifier[],
    { header, head }: { readonly header: ExportHeader; readonly head: Checkpoint },
  ): SavedCheckpoint {
    const saved = openCheckpoint(note, verifiers, 'the saved checkpoint');
    if (saved.origin !== head.origin)
      throw new Invalid(`the saved checkpoint is of ${saved.origin}, the export of ${head.origin}`);
    if (saved.size > head.size)
      throw new Invalid(
        `the log has ${String(head.size)} entries, fewer than the ${String(saved.size)} of the saved checkpoint: it was cut back, or this export is the older of the two`,
      );
    if (saved.size < header.from || (saved.size > header.to && saved.size !== head.size))
      throw new Undecided(
        `the saved checkpoint is of size ${String(saved.size)}: take an export that begins at or before it and ends at or after it, or compare the checkpoints`,
      );
    return new SavedCheckpoint(saved);
  }

  get size(): number {
    return this.saved.size;
  }

  /** To be told of the tree after every entry. Throws Invalid. */
  passes(tree: CompactRange): void {
    if (tree.size === this.saved.size) this.meets(tree.root());
  }

  /** To be told of the signed head at the end. Throws Invalid. */
  confirmed(head: Checkpoint): void {
    if (this.saved.size === head.size) this.meets(head.root);
    if (!this.met) throw new Invalid('the saved checkpoint was not met');
  }

  private meets(root: Buffer): void {
    if (!root.equals(this.saved.root))
      throw new Invalid(`history up to size ${String(this.saved.size)} differs from the saved checkpoint`);
    this.met = true;
  }
}
