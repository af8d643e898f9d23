import type { Client } from 'pg';
import {
  type Checkpoint,
  formatCheckpoint,
  type NoteVerifier,
  noteVerifier,
  openNote,
  parseCheckpoint,
} from '@lexecon/crypto';
import { reasonOf } from './failure.js';
import type { Guard } from './guard.js';
import { shardNameOf } from './shard.js';
import type { SigningKeys } from './signing-keys.js';

/** The guard and the database tell different histories, or the guard is gone: nothing may be signed until a person has looked. */
class GuardMismatch extends Error {}

/** Signs heads, has the guard keep them, and only then calls them published. */
export class Publisher {
  constructor(
    private readonly keys: SigningKeys,
    private readonly guard: Guard,
  ) {}

  /** To be called once a leadership, before anything is signed. Throws GuardMismatch. */
  async check(client: Client, logId: number, shard: string, size: number): Promise<void> {
    const kept = await this.#kept(client, shard);
    if (!kept) {
      const { rowCount } = await client.query('SELECT 1 FROM ledger.head_sig WHERE log_id = $1 LIMIT 1', [logId]);
      if (rowCount)
        throw new GuardMismatch(`the guard has no checkpoint of ${shard}, but the log was published before`);
      return;
    }
    if (kept.size > size)
      throw new GuardMismatch(
        `the guard knows ${shard} at size ${String(kept.size)}, the database has only ${String(size)}: an old copy was restored, or entries were removed`,
      );
    const { rows } = await client.query<{ root: Buffer }>(
      'SELECT root FROM ledger.tree_head WHERE log_id = $1 AND size = $2',
      [logId, kept.size],
    );
    if (!rows[0]?.root.equals(kept.root))
      throw new GuardMismatch(`history of ${shard} up to size ${String(kept.size)} differs from what the guard knows`);
  }

  /** Publishes a stored head. Doing it again gives the same bytes, so a successor may finish what a dead leader began. */
  async publish(client: Client, logId: number, shard: string, head: { size: number; root: Buffer }): Promise<void> {
    if (head.size === 0) return;
    const name = shardNameOf(this.keys.origin, shard);
    const signer = this.keys.logSigner(shard);
    const text = formatCheckpoint({ origin: name, size: head.size, root: head.root });
    await this.#keep(client, shard, head, signer.sign(text));
    await client.query(
      'INSERT INTO ledger.head_sig (log_id, size, key_name, signature) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
      [logId, head.size, signer.name, signer.signature(text)],
    );
  }

  /** The guard never goes back, and never holds two trees of one size. */
  async #keep(client: Client, shard: string, head: { size: number; root: Buffer }, note: string): Promise<void> {
    const kept = await this.#kept(client, shard);
    if (kept?.size === head.size && !kept.root.equals(head.root))
      throw new GuardMismatch(`the guard knows another tree of ${shard} at size ${String(head.size)}`);
    if (!kept || kept.size < head.size) await this.guard.write(shard, note, kept?.note ?? null);
  }

  async #kept(client: Client, shard: string): Promise<(Checkpoint & { readonly note: string }) | null> {
    const note = await this.guard.read(shard);
    if (note === null) return null;
    const name = shardNameOf(this.keys.origin, shard);
    try {
      const checkpoint = parseCheckpoint(openNote(note, await this.#verifiers(client, shard)).text);
      if (checkpoint.origin === name) return { ...checkpoint, note };
    } catch (error) {
      throw new GuardMismatch(`the guard's checkpoint of ${shard} is not ours: ${reasonOf(error)}`);
    }
    throw new GuardMismatch(`the guard's checkpoint is not of ${name}`);
  }

  /** The key in use and those before it: the guard's checkpoint may be older than a rotation. */
  async #verifiers(client: Client, shard: string): Promise<readonly NoteVerifier[]> {
    const { name, vkey } = this.keys.logSigner(shard);
    const { rows } = await client.query<{ vkey: string }>('SELECT vkey FROM ledger.signing_key WHERE name = $1', [
      name,
    ]);
    return [...new Set([vkey, ...rows.map((row) => row.vkey)])].map(noteVerifier);
  }
}
