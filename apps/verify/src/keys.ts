import { readFileSync } from 'node:fs';
import { NoteError, type NoteVerifier, noteVerifier } from '@lexecon/crypto';
import { Undecided } from './verdict.js';

/** Keys from the command line: each value is a verifier key, or a file with one on every line. Throws Undecided. */
export function readKeys(values: readonly string[]): readonly NoteVerifier[] {
  if (values.length === 0)
    throw new Undecided('give the published key with --key: the key itself, or a file with one key a line');
  return values.flatMap((value) => (value.includes('+') && !isFile(value) ? [keyOf(value, '--key')] : keysIn(value)));
}

function keysIn(file: string): readonly NoteVerifier[] {
  const lines = readText(file).trimEnd().split('\n');
  return lines.map((line, i) => keyOf(line, `${file}, line ${String(i + 1)}`));
}

function keyOf(text: string, where: string): NoteVerifier {
  try {
    return noteVerifier(text);
  } catch (error) {
    if (error instanceof NoteError) throw new Undecided(`${where}: ${error.message}`);
    throw error;
  }
}

/** `-` is standard input. Throws Undecided when it cannot be read as UTF-8. */
export function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file === '-' ? 0 : file));
  } catch (error) {
    throw new Undecided(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isFile(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
