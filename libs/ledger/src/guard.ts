/** A place outside the database that remembers the newest published checkpoint of each shard. It is what notices a database that was
 *  restored from an old backup or rewritten with the real key. Where it is: guard.place.ts. */
export interface Guard {
  /** The newest checkpoint (signed note) of the shard, as of now; null when the guard has none. Rejects when the guard cannot be asked. */
  read(shard: string): Promise<string | null>;

  /** Keeps `note` in the place of `instead`, what the caller last read; resolves when it is durable. Readers see the old one or the new
   *  one, never a part. Rejects with GuardReplaced when something else is there by now: a leader that was paused must not put back an
   *  older one. Any other rejection leaves open whether it is there: read again before signing anything. */
  write(shard: string, note: string, instead: string | null): Promise<void>;
}

/** Somebody else wrote the shard's checkpoint since it was read: nothing of ours is there. */
export class GuardReplaced extends Error {
  constructor(shard: string) {
    super(`the guard's checkpoint of ${shard} was replaced meanwhile`);
  }
}
