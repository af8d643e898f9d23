import { nodeHash } from '@lexecon/crypto';
import { LEAF_BYTES } from './leaf.js';
import { TILE_HEIGHT, TILE_WIDTH } from './tile-path.js';

const HASH_BYTES = 32;

/** A tile of C2SP tlog-tiles: `width` hashes of tree level 8 × `level`, from number 256 × `n` on. */
export interface TileId {
  readonly level: number;
  readonly n: number;
  /** 1 to 256; less than 256 is the partial tile at the right edge. */
  readonly width: number;
}

/** A proof needs a tile that is not, or no longer, in the set. The caller fetches it and tries again. */
export class MissingTile extends Error {
  override readonly name = 'MissingTile';
  constructor(
    readonly level: number,
    readonly n: number,
  ) {
    super(`tile ${level}/${n} is not at hand`);
  }
}

/** The tile that a tree of `size` leaves keeps node `index` of tree level `level` in, or under. */
export function tileOf(level: number, index: number, size: number): TileId {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const n = Math.floor((index * 2 ** (level % TILE_HEIGHT)) / TILE_WIDTH);
  const hashes = Math.floor(size / TILE_WIDTH ** tileLevel);
  return { level: tileLevel, n, width: Math.min(TILE_WIDTH, hashes - n * TILE_WIDTH) };
}

/**
 * Tiles at hand, the least recently used dropped beyond `maxTiles`. Nodes inside a tile are computed once. A tile of
 * greater width stands in for the same tile when the tree was smaller. The set believes what it is given: a proof made
 * from wrong tiles is wrong, and does not verify.
 */
export class TileSet {
  private readonly tiles = new Map<string, Tile>();

  /** `maxTiles` must be enough for the tiles of one proof (at most 16) times the proofs made at once. */
  constructor(private readonly maxTiles: number) {}

  /** Throws RangeError unless `data` is `id.width` hashes of 32 bytes. */
  put(id: TileId, data: Buffer): void {
    if (data.length !== id.width * HASH_BYTES || id.width < 1 || id.width > TILE_WIDTH) {
      throw new RangeError(`${data.length} bytes are no tile of ${id.width} hashes`);
    }
    const known = this.touch(id.level, id.n);
    if (known !== undefined && known.width >= id.width) return;
    this.tiles.delete(key(id.level, id.n));
    this.tiles.set(key(id.level, id.n), new Tile(id.width, data));
    for (const oldest of this.tiles.keys()) {
      if (this.tiles.size <= this.maxTiles) return;
      this.tiles.delete(oldest);
    }
  }

  /** Those of `ids` to be fetched; the others count as just used. */
  missing(ids: readonly TileId[]): TileId[] {
    return ids.filter(({ level, n, width }) => (this.touch(level, n)?.width ?? 0) < width);
  }

  /** The root of the whole subtree `index` of tree level `level`. Throws MissingTile. */
  node(level: number, index: number): Buffer {
    const within = level % TILE_HEIGHT;
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const perTile = TILE_WIDTH / 2 ** within;
    const n = Math.floor(index / perTile);
    const offset = index % perTile;
    const tile = this.touch(tileLevel, n);
    if (tile === undefined || tile.width < (offset + 1) * 2 ** within) throw new MissingTile(tileLevel, n);
    return tile.node(within, offset);
  }

  private touch(level: number, n: number): Tile | undefined {
    const at = key(level, n);
    const tile = this.tiles.get(at);
    if (tile === undefined) return undefined;
    this.tiles.delete(at);
    this.tiles.set(at, tile);
    return tile;
  }
}

/** The bundle of entries that belongs to a tile of leaf hashes: each leaf after its length as u16. Throws RangeError
 *  unless `leaves` is 1 to 256 leaves, one after the other. */
export function entryBundle(leaves: Buffer): Buffer {
  const count = leaves.length / LEAF_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > TILE_WIDTH) {
    throw new RangeError(`${leaves.length} bytes are no bundle of leaves`);
  }
  const bundle = Buffer.alloc(count * (2 + LEAF_BYTES));
  for (let i = 0; i < count; i++) {
    const at = bundle.writeUInt16BE(LEAF_BYTES, i * (2 + LEAF_BYTES));
    leaves.copy(bundle, at, i * LEAF_BYTES, (i + 1) * LEAF_BYTES);
  }
  return bundle;
}

const key = (level: number, n: number): string => `${level}/${n}`;

class Tile {
  /** Nodes above the hashes, by their number in the tile counted level by level; computed when first asked for. */
  private readonly inner: (Buffer | undefined)[] = [];

  constructor(
    readonly width: number,
    private readonly data: Buffer,
  ) {}

  node(level: number, index: number): Buffer {
    if (level === 0) return this.data.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
    const place = TILE_WIDTH - TILE_WIDTH / 2 ** (level - 1) + index;
    return (this.inner[place] ??= nodeHash(this.node(level - 1, 2 * index), this.node(level - 1, 2 * index + 1)));
  }
}
