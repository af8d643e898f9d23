import type { Client } from 'pg';
import { leafHash } from '@lexecon/crypto';
import { LEAF_BYTES } from './core/index.js';
import { GrowingTree, TILE_WIDTH, tileRoot } from './core/growing-tree.js';

/** The stored tree does not hash to its stored root, or a part of it is gone: nothing may be signed. */
export class LedgerDamaged extends Error {}

export interface StoredHead {
  readonly logId: number;
  readonly shard: string;
  readonly tree: GrowingTree;
  /** Every batch with an arrival number up to here is sequenced or was aborted. */
  readonly lowArrival: number;
  /** Size at which the shard was closed; null while it is open. */
  readonly closedSize: number | null;
}

interface HeadRow {
  readonly log_id: number;
  readonly name: string;
  readonly closed_size: string | null;
  readonly size: string;
  readonly root: Buffer;
  readonly compact: Buffer;
  readonly low_arrival: string;
}

/** Reads the newest shard's newest head and rebuilds the tree's right edge. Throws LedgerDamaged. Null when there is no shard yet. */
export async function loadHead(client: Client): Promise<StoredHead | null> {
  const { rows } = await client.query<HeadRow>(`
    SELECT s.log_id, s.name, s.closed_size, h.size, h.root, h.compact, h.low_arrival
    FROM ledger.shard s JOIN ledger.tree_head h USING (log_id)
    ORDER BY s.log_id DESC, h.size DESC LIMIT 1`);
  const [row] = rows;
  if (!row) return null;
  const size = Number(row.size);
  const tree = GrowingTree.restore(size, row.compact, await edgesOf(client, row.log_id, size));
  if (!tree.root().equals(row.root))
    throw new LedgerDamaged(`the stored tree of ${row.name} at size ${row.size} does not hash to its stored root`);
  return {
    logId: row.log_id,
    shard: row.name,
    tree,
    lowArrival: Number(row.low_arrival),
    closedSize: row.closed_size === null ? null : Number(row.closed_size),
  };
}

async function edgesOf(client: Client, logId: number, size: number): Promise<Buffer[][]> {
  const edges = [await leafEdge(client, logId, size)];
  for (let level = 1, n = Math.floor(size / TILE_WIDTH); n > 0; level++, n = Math.floor(n / TILE_WIDTH)) {
    const { rows } = await client.query<{ data: Buffer }>(
      'SELECT data FROM ledger.tile WHERE log_id = $1 AND level = $2 AND n >= $3 ORDER BY n',
      [logId, level - 1, Math.floor(n / TILE_WIDTH) * TILE_WIDTH],
    );
    if (rows.length !== n % TILE_WIDTH) throw new LedgerDamaged(`tiles of level ${String(level - 1)} are missing`);
    edges.push(rows.map((row) => tileRoot(row.data)));
  }
  return edges;
}

async function leafEdge(client: Client, logId: number, size: number): Promise<Buffer[]> {
  const from = Math.floor(size / TILE_WIDTH) * TILE_WIDTH;
  const { rows } = await client.query<{ base_idx: string; leaves: Buffer }>(
    `SELECT s.base_idx, b.leaves FROM ledger.seq s JOIN ledger.batch b USING (batch_id)
     WHERE s.log_id = $1 AND s.next_idx > $2 AND s.base_idx < $3 ORDER BY s.base_idx`,
    [logId, from, size],
  );
  const hashes = rows.flatMap(({ base_idx, leaves }) =>
    Array.from({ length: leaves.length / LEAF_BYTES }, (_, i) => ({
      index: Number(base_idx) + i,
      leaf: leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
    }))
      .filter(({ index }) => index >= from && index < size)
      .map(({ leaf }) => leafHash(leaf)),
  );
  if (hashes.length !== size - from) throw new LedgerDamaged('leaves at the right edge are missing');
  return hashes;
}
