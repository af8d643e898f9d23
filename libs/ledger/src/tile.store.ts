import type { Pool } from 'pg';
import { leafHash } from '@lexecon/crypto';
import { tileRoot } from './core/growing-tree.js';
import { LEAF_BYTES } from './core/index.js';
import { TILE_WIDTH } from './core/tile-path.js';
import { type TileId, TileSet } from './core/tiles.js';
import { LedgerDamaged } from './tree.state.js';

/** Tiles of a shard that stay in memory: 16 KiB each with their inner nodes. */
const MOST_TILES = 2048;
const MOST_SHARDS = 4;
const MOST_EDGES = 64;
const HASH_BYTES = 32;
/** A batch that reaches a place begins less than this before it: keeps the reads to one range of the index. */
export const MOST_IN_BATCH = 1024;

/** The tree's hashes, from tiles that are full and from entries at the right edge; those used last stay in memory. */
export class TileStore {
  readonly #sets = new Map<number, TileSet>();
  /** Partial tiles as far as they were read; they only grow. */
  readonly #edges = new Map<string, Buffer>();

  constructor(private readonly pool: Pool) {}

  /** The tiles of a shard, these among them. Throws LedgerDamaged when one is gone. */
  async load(logId: number, ids: readonly TileId[]): Promise<TileSet> {
    const set = this.#setOf(logId);
    for (let missing = set.missing(ids); missing.length > 0; missing = set.missing(ids))
      for (const [id, data] of await this.#read(logId, missing)) set.put(id, data);
    return set;
  }

  /** The hashes of one tile. Throws LedgerDamaged when it, or what it is made of, is gone. */
  async tile(logId: number, id: TileId): Promise<Buffer> {
    return id.width < TILE_WIDTH
      ? this.#partial(logId, id)
      : this.#full(logId, [id]).then((tiles) => tiles[0]?.[1] ?? gone(id));
  }

  /** Leaves `from` up to, not including, `to`, one after the other. Throws LedgerDamaged when some are gone. */
  async leaves(logId: number, from: number, to: number): Promise<Buffer> {
    const { rows } = await this.pool.query<{ base_idx: string; leaves: Buffer }>(
      `SELECT s.base_idx, b.leaves FROM ledger.seq s JOIN ledger.batch b USING (batch_id)
       WHERE s.log_id = $1 AND s.base_idx > $2 - ${String(MOST_IN_BATCH)} AND s.next_idx > $2 AND s.base_idx < $3
       ORDER BY s.base_idx`,
      [logId, from, to],
    );
    const parts = rows.map(({ base_idx, leaves }) => {
      const base = Number(base_idx);
      return leaves.subarray(Math.max(0, from - base) * LEAF_BYTES, (to - base) * LEAF_BYTES);
    });
    const found = Buffer.concat(parts);
    if (found.length !== (to - from) * LEAF_BYTES)
      throw new LedgerDamaged(`entries ${String(from)} to ${String(to)} are not all there`);
    return found;
  }

  async #read(logId: number, ids: readonly TileId[]): Promise<(readonly [TileId, Buffer])[]> {
    const full = await this.#full(
      logId,
      ids.filter((id) => id.width === TILE_WIDTH),
    );
    const partial = ids.filter((id) => id.width < TILE_WIDTH);
    for (const id of partial) full.push([id, await this.#partial(logId, id)]);
    return full;
  }

  async #full(logId: number, ids: readonly TileId[]): Promise<(readonly [TileId, Buffer])[]> {
    if (ids.length === 0) return [];
    const { rows } = await this.pool.query<{ level: number; n: string; data: Buffer }>({
      name: 'tiles',
      text: `SELECT level, n, data FROM unnest($2::smallint[], $3::bigint[]) u(level, n) JOIN ledger.tile t USING (level, n)
             WHERE t.log_id = $1`,
      values: [logId, ids.map((id) => id.level), ids.map((id) => id.n)],
    });
    const found = new Map(rows.map((row) => [`${String(row.level)}/${row.n}`, row.data]));
    return ids.map((id) => [id, found.get(`${String(id.level)}/${String(id.n)}`) ?? gone(id)] as const);
  }

  async #partial(logId: number, id: TileId): Promise<Buffer> {
    const key = `${String(logId)}/${String(id.level)}/${String(id.n)}`;
    const known = this.#edges.get(key) ?? Buffer.alloc(0);
    if (known.length >= id.width * HASH_BYTES) return known.subarray(0, id.width * HASH_BYTES);
    const from = id.n * TILE_WIDTH + known.length / HASH_BYTES;
    const to = id.n * TILE_WIDTH + id.width;
    const data = Buffer.concat([known, ...(await this.#hashes(logId, id.level, from, to))]);
    if (data.length !== id.width * HASH_BYTES) gone(id);
    this.#edges.delete(key);
    this.#edges.set(key, data);
    dropOldest(this.#edges, MOST_EDGES);
    return data;
  }

  /** Nodes `from` to `to` of tree level 8 × `level`. */
  async #hashes(logId: number, level: number, from: number, to: number): Promise<Buffer[]> {
    if (level === 0) {
      const leaves = await this.leaves(logId, from, to);
      return Array.from({ length: to - from }, (_, i) =>
        leafHash(leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)),
      );
    }
    const { rows } = await this.pool.query<{ data: Buffer }>(
      'SELECT data FROM ledger.tile WHERE log_id = $1 AND level = $2 AND n >= $3 AND n < $4 ORDER BY n',
      [logId, level - 1, from, to],
    );
    return rows.map((row) => tileRoot(row.data));
  }

  #setOf(logId: number): TileSet {
    const set = this.#sets.get(logId) ?? new TileSet(MOST_TILES);
    this.#sets.delete(logId);
    this.#sets.set(logId, set);
    dropOldest(this.#sets, MOST_SHARDS);
    return set;
  }
}

function dropOldest<K>(map: Map<K, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

function gone(id: TileId): never {
  throw new LedgerDamaged(`tile ${String(id.level)}/${String(id.n)} is gone`);
}
