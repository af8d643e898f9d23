/** An entry's place in a shard of the log, and what proves it under a signed checkpoint. Byte strings are base64. */
export interface EntryProof {
  /** `2026h2`; its checkpoints are signed as `<origin>/2026h2`. */
  readonly shard: string;
  readonly index: number;
  /** Entries under the checkpoint. */
  readonly size: number;
  /** The leaf's sibling first. */
  readonly path: readonly string[];
  /** Signed note, verbatim. */
  readonly checkpoint: string;
}
