import { nodeHash } from '@lexecon/crypto';
import { tileOf, type TileId, type TileSet } from './tiles.js';

/** Leaves `from` up to, not including, `to`. */
type Range = readonly [from: number, to: number];

/** The tiles that `inclusionPath` reads. Throws RangeError unless 0 ≤ index < size. */
export function tilesForInclusion(index: number, size: number): TileId[] {
  return tilesFor(inclusionRanges(index, size), size);
}

/** The hashes from the leaf's sibling up to the root's child. Throws RangeError as above, MissingTile. */
export function inclusionPath(index: number, size: number, tiles: TileSet): Buffer[] {
  return inclusionRanges(index, size).map((range) => rangeRoot(range, tiles));
}

/** The tiles that `consistencyPath` reads. Throws RangeError unless 0 ≤ old ≤ size. */
export function tilesForConsistency(old: number, size: number): TileId[] {
  return tilesFor(consistencyRanges(old, size), size);
}

/** The consistency proof of RFC 6962, 2.1.2; empty from size 0 and between equal sizes. Throws RangeError, MissingTile. */
export function consistencyPath(old: number, size: number, tiles: TileSet): Buffer[] {
  return consistencyRanges(old, size).map((range) => rangeRoot(range, tiles));
}

/** The tiles that `prefixRoots` reads. Throws RangeError unless 0 ≤ count ≤ size. */
export function tilesForPrefix(count: number, size: number): TileId[] {
  if (!isCount(count) || !isCount(size) || count > size)
    throw new RangeError(`no ${count} entries in a log of ${size}`);
  return tilesFor([[0, count]], size);
}

/** Roots of the largest whole subtrees over the first `count` entries, left to right: what `CompactRange.parse` takes. Throws
 *  MissingTile. */
export function prefixRoots(count: number, tiles: TileSet): Buffer[] {
  return wholeSubtrees([0, count]).map(([level, index]) => tiles.node(level, index));
}

/** The subtrees beside the way from the root to the leaf, the lowest first. */
function inclusionRanges(index: number, size: number): Range[] {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError(`no entry ${index} in a log of ${size}`);
  const beside: Range[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + leftWidth(to - from);
    beside.push(index < middle ? [middle, to] : [from, middle]);
    [from, to] = index < middle ? [from, middle] : [middle, to];
  }
  return beside.reverse();
}

/** The subtrees that make up the old tree and lead from it to the new, the lowest first. */
function consistencyRanges(old: number, size: number): Range[] {
  if (!isCount(old) || !isCount(size) || old > size) throw new RangeError(`no size ${old} in a log of ${size}`);
  if (old === 0 || old === size) return [];
  const beside: Range[] = [];
  let [from, to] = [0, size];
  while (old < to) {
    const middle = from + leftWidth(to - from);
    beside.push(old <= middle ? [middle, to] : [from, middle]);
    [from, to] = old <= middle ? [from, middle] : [middle, to];
  }
  // The old tree itself, when it is one whole subtree, need not be told.
  if (from > 0) beside.push([from, to]);
  return beside.reverse();
}

function tilesFor(ranges: readonly Range[], size: number): TileId[] {
  const tiles = new Map<string, TileId>();
  for (const range of ranges) {
    for (const [level, index] of wholeSubtrees(range)) {
      const tile = tileOf(level, index, size);
      tiles.set(`${tile.level}/${tile.n}`, tile);
    }
  }
  return [...tiles.values()];
}

function rangeRoot(range: Range, tiles: TileSet): Buffer {
  return wholeSubtrees(range)
    .map(([level, index]) => tiles.node(level, index))
    .reduceRight((right, left) => nodeHash(left, right));
}

/** The largest whole subtrees, from left to right, of a range that starts where a subtree at least as wide does. */
function wholeSubtrees([from, to]: Range): [level: number, index: number][] {
  const subtrees: [number, number][] = [];
  for (let at = from; at < to;) {
    const level = floorLog2(to - at);
    subtrees.push([level, at / 2 ** level]);
    at += 2 ** level;
  }
  return subtrees;
}

/** The width of the left part of a tree of `size` > 1 leaves: the largest power of two below `size`. */
function leftWidth(size: number): number {
  return 2 ** floorLog2(size - 1);
}

function floorLog2(n: number): number {
  const log = Math.floor(Math.log2(n));
  // Just below a large power of two the logarithm is rounded up.
  return 2 ** log > n ? log - 1 : log;
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
