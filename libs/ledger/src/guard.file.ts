import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Guard, GuardReplaced } from './guard.js';

/** A folder that every replica reaches. Files have no compare-and-swap: between looking and renaming lies a moment, in which only an
 *  older, true checkpoint could be put back. */
export class FileGuard implements Guard {
  readonly #folder: string;

  /** `place` is `file:///…`. */
  constructor(place: string) {
    this.#folder = fileURLToPath(place);
  }

  async read(shard: string): Promise<string | null> {
    try {
      return await readFile(this.#file(shard), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async write(shard: string, note: string, instead: string | null): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    // Of its own: a leader that was only paused may be writing too, in another container under the same process id.
    const draft = `${this.#file(shard)}.${randomUUID()}`;
    const file = await open(draft, 'w', 0o644);
    try {
      await file.writeFile(note);
      await file.sync();
    } finally {
      await file.close();
    }
    if (!this.#putInPlace(shard, draft, instead)) {
      await rm(draft);
      throw new GuardReplaced(shard);
    }
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Looks and renames in one go, without giving the process a moment in between. */
  #putInPlace(shard: string, draft: string, instead: string | null): boolean {
    const file = this.#file(shard);
    const found = existsSync(file) ? readFileSync(file, 'utf8') : null;
    if (instead !== found) return false;
    renameSync(draft, file);
    return true;
  }

  #file(shard: string): string {
    return join(this.#folder, `${shard}.checkpoint`);
  }
}
