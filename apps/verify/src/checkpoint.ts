import {
  type Checkpoint,
  CheckpointError,
  NoteError,
  type NoteVerifier,
  openNote,
  parseCheckpoint,
} from '@lexecon/crypto';
import { Invalid, Undecided } from './verdict.js';

/** The checkpoint that a known key of its own log signed. Throws Invalid; Undecided when no key of that log was given. */
export function openCheckpoint(note: string, verifiers: readonly NoteVerifier[], what: string): Checkpoint {
  const name = note.slice(0, note.indexOf('\n'));
  const keys = verifiers.filter((verifier) => verifier.name === name);
  if (keys.length === 0) throw new Undecided(`${what}: the key of ${JSON.stringify(name)} is needed to check it`);
  try {
    const checkpoint = parseCheckpoint(openNote(note, keys).text);
    if (checkpoint.origin !== name) throw new Invalid(`${what}: not a checkpoint of ${name}`);
    return checkpoint;
  } catch (error) {
    if (error instanceof NoteError || error instanceof CheckpointError) throw new Invalid(`${what}: ${error.message}`);
    throw error;
  }
}
