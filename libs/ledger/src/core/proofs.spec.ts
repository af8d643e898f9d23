import { CompactRange, EMPTY_ROOT, leafHash, merkleBatch, verifyConsistency, verifyInclusion } from '@lexecon/crypto';
import { consistencyPath, inclusionPath, tilesForConsistency, tilesForInclusion } from './proofs.js';
import { MissingTile, type TileId, TileSet } from './tiles.js';

const LARGEST = 2 * 65_536 + 300;
/** All hashes of a large log by tile level, and its root at every size. */
const log = largeLog();

describe('inclusion from tiles', () => {
  it('gives the paths of the plain computation for every entry of small and medium logs', () => {
    for (const size of [1, 2, 3, 7, 64, 255, 256, 257, 300, 511, 512, 513, 700]) {
      const tiles = new TileSet(100);
      const { paths } = merkleBatch(log.leaves.slice(0, size));
      for (let index = 0; index < size; index++) {
        load(tiles, tilesForInclusion(index, size), size);
        expect(Buffer.concat(inclusionPath(index, size, tiles)).equals(Buffer.concat(paths[index] ?? []))).toBe(true);
      }
    }
  });

  it('gives paths that verify at every size up to seven hundred', () => {
    for (let size = 1; size <= 700; size++) {
      for (const index of [0, Math.floor(size / 2), (size * 37) % size, size - 1]) expectIncluded(index, size);
    }
  });

  it('gives paths that verify around multiples of 256 and 65 536', () => {
    for (const near of [1024, 65_536 - 256, 65_536, 65_536 + 256, 131_072]) {
      for (let size = near - 2; size <= near + 2; size++) {
        for (const index of [0, 255, 256, size / 2, near - 257, near - 3, size - 1])
          expectIncluded(Math.floor(index), size);
      }
    }
  });

  it.each([
    [0, 0],
    [3, 3],
    [-1, 3],
    [0.5, 3],
    [0, 2 ** 53],
    [Number.NaN, 3],
  ])('refuses entry %d of a log of %d', (index, size) => {
    expect(() => tilesForInclusion(index, size)).toThrow(RangeError);
    expect(() => inclusionPath(index, size, new TileSet(1))).toThrow(RangeError);
  });
});

describe('consistency from tiles', () => {
  it('gives proofs that verify between all pairs of sampled sizes up to seven hundred', () => {
    for (let size = 1; size <= 700; size += 1 + (size % 3)) {
      for (const old of [
        0,
        1,
        Math.floor(size / 3),
        Math.floor(size / 2),
        2 ** Math.floor(Math.log2(size)),
        size - 1,
        size,
      ]) {
        expectConsistent(old, size);
      }
    }
  });

  it('gives proofs that verify around multiples of 256 and 65 536', () => {
    const sizes = [1, 255, 256, 257, 1000, 65_535, 65_536, 65_537, 65_790, 131_072, 131_073, LARGEST];
    for (const size of sizes) for (const old of sizes) if (old <= size) expectConsistent(old, size);
  });

  it('is empty from nothing and between equal sizes, and needs no tile for it', () => {
    for (const [old, size] of [
      [0, 0],
      [0, 700],
      [700, 700],
    ] as const) {
      expect(tilesForConsistency(old, size)).toEqual([]);
      expect(consistencyPath(old, size, new TileSet(1))).toEqual([]);
    }
  });

  it.each([
    [4, 3],
    [-1, 3],
    [0.5, 3],
    [1, 2 ** 53],
  ])('refuses the step from %d to %d', (old, size) => {
    expect(() => tilesForConsistency(old, size)).toThrow(RangeError);
  });
});

describe('the tiles asked for', () => {
  it('are enough, and none is left out without an error', () => {
    const [index, size] = [70_000, 131_300];
    const ids = tilesForInclusion(index, size);
    expect(ids.length).toBeGreaterThan(3);
    for (const left of ids) {
      const tiles = new TileSet(100);
      load(
        tiles,
        ids.filter((id) => id !== left),
        size,
      );
      expect(() => inclusionPath(index, size, tiles)).toThrow(MissingTile);
    }
  });

  it('are no wider than the log was', () => {
    expect(tilesForInclusion(600, 601)).toContainEqual({ level: 0, n: 2, width: 89 });
    expect(tilesForInclusion(0, 601)).toContainEqual({ level: 1, n: 0, width: 2 });
  });

  it('stay few, and right, beyond 32 bits', () => {
    for (const size of [2 ** 40 + 12_345, 2 ** 52 - 1, 2 ** 53 - 1]) {
      for (const index of [0, 2 ** 39 + 7, size - 1]) {
        const ids = tilesForInclusion(index, size);
        expect(ids.length).toBeLessThanOrEqual(16);
        for (const { level, n, width } of ids) {
          expect(n * 256 + width).toBeLessThanOrEqual(Math.floor(size / 256 ** level));
          expect(width).toBeGreaterThan(0);
        }
      }
      expect(tilesForConsistency(size - 1, size).length).toBeLessThanOrEqual(16);
    }
  });
});

describe('speed', () => {
  it('proves from warm tiles in well under a millisecond', () => {
    const tiles = new TileSet(2000);
    const indexes = Array.from({ length: 500 }, (_, i) => (i * 7919) % LARGEST);
    for (const index of indexes) load(tiles, tilesForInclusion(index, LARGEST), LARGEST);
    for (const index of indexes) inclusionPath(index, LARGEST, tiles);
    const start = performance.now();
    for (const index of indexes) inclusionPath(index, LARGEST, tiles);
    expect((performance.now() - start) / indexes.length).toBeLessThan(1);
  });
});

function expectIncluded(index: number, size: number): void {
  const tiles = new TileSet(100);
  load(tiles, tilesForInclusion(index, size), size);
  const path = inclusionPath(index, size, tiles);
  const leaf = log.leaves[index] as Buffer;
  expect(verifyInclusion({ leafHash: leaf, index, size, path, root: rootAt(size) })).toBe(true);
}

function expectConsistent(old: number, size: number): void {
  const tiles = new TileSet(100);
  load(tiles, tilesForConsistency(old, size), size);
  const path = consistencyPath(old, size, tiles);
  const proof = { oldSize: old, oldRoot: rootAt(old), newSize: size, newRoot: rootAt(size), path };
  expect(verifyConsistency(proof)).toBe(true);
}

/** Puts exactly the asked tiles, cut to the asked width. */
function load(tiles: TileSet, ids: readonly TileId[], size: number): void {
  for (const id of tiles.missing(ids)) {
    if (id.n * 256 + id.width > Math.floor(size / 256 ** id.level))
      throw new Error('a tile past the log was asked for');
    tiles.put(id, Buffer.concat((log.levels[id.level] as Buffer[]).slice(id.n * 256, id.n * 256 + id.width)));
  }
}

const rootAt = (size: number): Buffer => log.roots.get(size) as Buffer;

function largeLog(): { leaves: Buffer[]; levels: Buffer[][]; roots: Map<number, Buffer> } {
  const leaves: Buffer[] = [];
  const levels: Buffer[][] = [[], [], []];
  const roots = new Map([[0, EMPTY_ROOT]]);
  const range = new CompactRange();
  for (let i = 0; i < LARGEST; i++) {
    const leaf = leafHash(Buffer.from(String(i)));
    leaves.push(leaf);
    range.append(leaf, (level, _, hash) => {
      if (level % 8 === 0) levels[level / 8]?.push(hash);
    });
    if (i < 1000 || (i + 3) % 256 < 5 || i === LARGEST - 1) roots.set(range.size, range.root());
  }
  return { leaves, levels, roots };
}
