import type { ClientBase, Pool } from 'pg';
import { formatCheckpoint, leafHash, merkleRoot, noteVerifier, openNote, parseCheckpoint } from '@lexecon/crypto';
import {
  decodeBody,
  decodeLeaf,
  encodeBody,
  encodeLeaf,
  fieldsRoot,
  publicCommitments,
  signBatch,
} from '../src/core/index.js';
import { GrowingTree } from '../src/core/growing-tree.js';
import type { Finding } from '../src/finding.js';
import { HeadReader } from '../src/head.reader.js';
import { LogVerification } from '../src/log.verification.js';
import { shardNameOf } from '../src/shard.js';
import type { TestLog } from './log.js';

/** What a superuser does to the stored log, on one connection in one transaction that is never committed. */
export class Tampering {
  private constructor(
    private readonly log: TestLog,
    readonly client: ClientBase,
  ) {}

  /** What a full verification finds after `change`, with or without checkpoints that were saved before it. */
  static async findings(
    log: TestLog,
    change: (tampering: Tampering) => Promise<unknown>,
    saved: readonly string[],
  ): Promise<readonly Finding[]> {
    const client = await log.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SET LOCAL session_replication_role = replica');
      const tampering = new Tampering(log, client);
      await change(tampering);
      return await tampering.#verify(saved);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }

  /** Makes the change for good. */
  static async committed(log: TestLog, change: (tampering: Tampering) => Promise<unknown>): Promise<void> {
    const client = await log.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SET LOCAL session_replication_role = replica');
      await change(new Tampering(log, client));
      await client.query('COMMIT');
    } finally {
      client.release();
    }
  }

  async sql(text: string, values: unknown[] = []): Promise<void> {
    const { rowCount } = await this.client.query(text, values);
    if (!rowCount) throw new Error(`nothing was changed by ${text}`);
  }

  /** The bit of a column of the row that `where` names. */
  async flip(table: string, column: string, where: string, bit: number): Promise<void> {
    await this.sql(
      `UPDATE ledger.${table} SET ${column} = set_bit(${column}, ${String(bit)}, 1 - get_bit(${column}, ${String(bit)})) WHERE ${where}`,
    );
  }

  /** Leaves, batches and heads after `size` vanish, as when an old backup is restored. */
  async cutBackTo(size: number): Promise<void> {
    await this.sql('DELETE FROM ledger.head_sig WHERE size > $1', [size]);
    await this.sql('DELETE FROM ledger.tree_head WHERE size > $1', [size]);
    await this.sql(
      'DELETE FROM ledger.payload WHERE batch_id IN (SELECT batch_id FROM ledger.seq WHERE base_idx >= $1)',
      [size],
    );
    await this.sql(
      'DELETE FROM ledger.batch WHERE batch_id IN (SELECT batch_id FROM ledger.seq WHERE base_idx >= $1)',
      [size],
    );
    await this.sql('DELETE FROM ledger.seq WHERE base_idx >= $1', [size]);
    await this.client.query('DELETE FROM ledger.tile WHERE n >= $1', [Math.floor(size / 256)]);
  }

  /** An insider with both real keys gives entry `index` another public text, and makes everything that follows from it anew. */
  async rewrite(index: number, text: string): Promise<void> {
    const { rows } = await this.client.query<{
      batch_id: string;
      base_idx: string;
      n: number;
      signed_at: string;
      leaves: Buffer;
    }>(
      'SELECT b.batch_id, s.base_idx, s.n, b.signed_at, b.leaves FROM ledger.seq s JOIN ledger.batch b USING (batch_id) ORDER BY s.base_idx',
    );
    const batch = rows.find(({ base_idx, n }) => Number(base_idx) <= index && index < Number(base_idx) + n);
    if (!batch) throw new Error('there is no such entry');
    const at = (index - Number(batch.base_idx)) * 98;
    const leaf = decodeLeaf(batch.leaves.subarray(at, at + 98));
    const payload = await this.client.query<{ body: Buffer }>(
      'SELECT body FROM ledger.payload WHERE entry_id = $1 AND part = 0',
      [leaf.entryId],
    );
    const { seed, commitments } = decodeBody(payload.rows[0]?.body ?? Buffer.alloc(0));
    const forged = [...publicCommitments(seed, { text }), ...commitments.slice(1)];
    const body = encodeBody({
      publicJson: JSON.stringify({ text }),
      seed,
      commitments: forged,
      fields: fieldsRoot(forged),
      groups: [],
    });
    encodeLeaf({ ...leaf, fields: fieldsRoot(forged) }).copy(batch.leaves, at);
    await this.sql('UPDATE ledger.payload SET body = $2 WHERE entry_id = $1 AND part = 0', [leaf.entryId, body]);
    await this.#resign(batch);
    await this.#rebuild(rows);
  }

  async #resign(batch: { batch_id: string; n: number; signed_at: string; leaves: Buffer }): Promise<void> {
    const hashes = Array.from({ length: batch.n }, (_, i) => leafHash(batch.leaves.subarray(i * 98, (i + 1) * 98)));
    const { origin, receipts } = this.log.keys;
    const promise = {
      origin,
      batch: batch.batch_id,
      count: batch.n,
      root: merkleRoot(hashes),
      timeMs: Number(batch.signed_at),
    };
    await this.sql('UPDATE ledger.batch SET leaves = $2, signature = $3 WHERE batch_id = $1', [
      batch.batch_id,
      batch.leaves,
      signBatch(promise, receipts),
    ]);
  }

  async #rebuild(rows: readonly { readonly leaves: Buffer }[]): Promise<void> {
    const shard = (await new HeadReader(this.log.pool, 'log.test').newest()).shard;
    const signer = this.log.keys.logSigner(shard);
    const stored = await this.client.query<{ size: string }>('SELECT size FROM ledger.tree_head WHERE size > 0');
    const sizes = new Set(stored.rows.map(({ size }) => Number(size)));
    let tree = GrowingTree.empty();
    for (const { leaves } of rows) {
      const grown = tree.grown([leaves]);
      tree = grown.tree;
      for (const { level, n, data } of grown.tiles)
        await this.sql('UPDATE ledger.tile SET data = $3 WHERE level = $1 AND n = $2', [level, n, data]);
      if (!sizes.has(tree.size)) continue;
      const text = formatCheckpoint({ origin: signer.name, size: tree.size, root: tree.root() });
      await this.sql('UPDATE ledger.tree_head SET root = $2, compact = $3 WHERE size = $1', [
        tree.size,
        tree.root(),
        tree.compact(),
      ]);
      await this.client.query('UPDATE ledger.head_sig SET signature = $2 WHERE size = $1', [
        tree.size,
        signer.signature(text),
      ]);
    }
  }

  async #verify(saved: readonly string[]): Promise<readonly Finding[]> {
    const { keys } = this.log;
    const queries = this.client as unknown as Pool;
    const { logId, shard, size } = await new HeadReader(queries, keys.origin).newest();
    const verifiers = [keys.receipts.vkey, keys.logSigner(shard).vkey].map(noteVerifier);
    const known = saved.map((note) => parseCheckpoint(openNote(note, verifiers).text));
    if (known.some(({ origin }) => origin !== shardNameOf(keys.origin, shard)))
      throw new Error('a checkpoint of another log');
    const scope = {
      logId,
      origin: keys.origin,
      shard,
      from: 0,
      to: size,
      published: size,
      verifiers,
      known,
      nowMs: Date.now(),
    };
    const verification = new LogVerification(queries, scope);
    await verification.run(() => Promise.resolve(true));
    return verification.findings.kept;
  }
}
