import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';
import { Invalid, Undecided } from './verdict.js';

const MOST_CHARACTERS = 64 * 1024 * 1024;

/** The lines of a file, each of which must end with a newline; `-` is standard input. Throws Undecided when it cannot be read, Invalid
 *  when it is not lines of UTF-8. */
export async function* linesOf(file: string): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  for await (const chunk of chunksOf(file)) {
    const lines = (rest + decoded(decoder, chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MOST_CHARACTERS) throw new Invalid('a line is longer than any that an export has');
    yield* lines;
  }
  if (rest + decoded(decoder) !== '') throw new Invalid('the last line has no end: the file was cut off');
}

function decoded(decoder: TextDecoder, chunk?: Buffer): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new Invalid('the file is not UTF-8');
  }
}

async function* chunksOf(file: string): AsyncGenerator<Buffer, void> {
  try {
    yield* (file === '-' ? process.stdin : createReadStream(file)) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new Undecided(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
