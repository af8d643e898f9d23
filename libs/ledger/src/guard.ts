import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A place outside the database that remembers the newest published checkpoint of each shard. It is what notices a database that was
 *  restored from an old backup or rewritten with the real key. */
export class Guard {
  readonly #folder: string;

  /** `place` is `file:///…`, a folder that every replica reaches. */
  constructor(place: string) {
    this.#folder = fileURLToPath(place);
  }

  /** The newest checkpoint (signed note) of the shard; null when the guard has none. */
  async read(shard: string): Promise<string | null> {
    try {
      return await readFile(this.#file(shard), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Keeps this checkpoint; resolves when it is on the disk. Readers see the old one or the new one, never a part. With `instead`, what
   *  the caller last read, it rejects when something else is there by now: a leader that was paused must not put back an older one. */
  async write(shard: string, note: string, instead?: string | null): Promise<void> {
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
    await this.#replace(shard, draft, instead);
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Looks and renames in one go, without giving the process a moment in between. */
  async #replace(shard: string, draft: string, instead: string | null | undefined): Promise<void> {
    const file = this.#file(shard);
    const found = existsSync(file) ? readFileSync(file, 'utf8') : null;
    if (instead === undefined || instead === found) {
      renameSync(draft, file);
      return;
    }
    await rm(draft);
    throw new Error(`the guard's checkpoint of ${shard} was replaced meanwhile`);
  }

  #file(shard: string): string {
    return join(this.#folder, `${shard}.checkpoint`);
  }
}
