import { CheckpointError, type NoteVerifier, parseConsistency, verifyConsistency } from '@lexecon/crypto';
import { openCheckpoint } from './checkpoint.js';
import { Invalid, Undecided } from './verdict.js';

/** Whether the newer checkpoint continues the older one. `proof` is the body of a C2SP add-checkpoint request. Throws Invalid,
 *  Undecided. */
export function verifyCheckpoints(
  files: { readonly older: string; readonly newer: string; readonly proof?: string },
  verifiers: readonly NoteVerifier[],
): string {
  const older = openCheckpoint(files.older, verifiers, 'the older checkpoint');
  const newer = openCheckpoint(files.newer, verifiers, 'the newer checkpoint');
  if (older.origin !== newer.origin)
    throw new Invalid(`the checkpoints are of two logs, ${older.origin} and ${newer.origin}`);
  if (older.size > newer.size)
    throw new Invalid(
      `the newer checkpoint has ${String(newer.size)} entries, the older ${String(older.size)}: entries are gone`,
    );
  const path = pathBetween(files.proof, older.size, newer.size);
  const step = { oldSize: older.size, oldRoot: older.root, newSize: newer.size, newRoot: newer.root, path };
  if (!verifyConsistency(step))
    throw new Invalid(
      older.size === newer.size
        ? `two different logs of ${String(older.size)} entries were signed`
        : `the first ${String(older.size)} of ${String(newer.size)} entries are not those of the older checkpoint`,
    );
  return `${newer.origin} grew from ${String(older.size)} to ${String(newer.size)} entries and kept all of them`;
}

function pathBetween(proof: string | undefined, older: number, newer: number): readonly Buffer[] {
  if (proof === undefined) {
    if (older === newer || older === 0) return [];
    throw new Undecided(
      `a consistency proof is needed: GET /api/v1/ledger/proofs/consistency?from=${String(older)}&to=${String(newer)} with Accept: text/plain, then --proof <file>`,
    );
  }
  try {
    const { oldSize, path } = parseConsistency(proof);
    if (oldSize !== older) throw new Invalid(`the proof is from size ${String(oldSize)}, not ${String(older)}`);
    return path;
  } catch (error) {
    if (error instanceof CheckpointError) throw new Invalid(`the proof: ${error.message}`);
    throw error;
  }
}
