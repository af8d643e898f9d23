import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
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

  /** Keeps this checkpoint; resolves when it is on the disk. Readers see the old one or the new one, never a part. */
  async write(shard: string, note: string): Promise<void> {
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
    await rename(draft, this.#file(shard));
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #file(shard: string): string {
    return join(this.#folder, `${shard}.checkpoint`);
  }
}
