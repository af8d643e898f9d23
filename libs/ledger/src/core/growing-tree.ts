import { CompactRange, leafHash, merkleRoot } from '@lexecon/crypto';
import { LEAF_BYTES } from './leaf.js';

export const TILE_WIDTH = 256;

/** A tile that became full; its data is 256 hashes of 32 bytes. */
export interface FullTile {
  readonly level: number;
  readonly n: number;
  readonly data: Buffer;
}

/** A tree that only grows: the compact range for its root, and at each level the hashes of the tile that is not full yet. */
export class GrowingTree {
  private constructor(
    private readonly range: CompactRange,
    /** By level: the hashes since the last full tile, fewer than 256. */
    private readonly edges: Buffer[][],
  ) {}

  static empty(): GrowingTree {
    return new GrowingTree(CompactRange.parse(0, Buffer.alloc(0)), []);
  }

  /** Rebuilds a tree from what is stored: the compact range and the right edge of each level. */
  static restore(size: number, compact: Buffer, edges: readonly (readonly Buffer[])[]): GrowingTree {
    return new GrowingTree(
      CompactRange.parse(size, compact),
      edges.map((edge) => [...edge]),
    );
  }

  get size(): number {
    return this.range.size;
  }

  root(): Buffer {
    return this.range.root();
  }

  compact(): Buffer {
    return this.range.serialize();
  }

  /** The tree with these leaves (98 bytes each, concatenated) behind its own, and the tiles that became full. */
  grown(batches: readonly Buffer[]): { readonly tree: GrowingTree; readonly tiles: readonly FullTile[] } {
    const hashes: Buffer[] = [];
    for (const leaves of batches)
      for (let at = 0; at < leaves.length; at += LEAF_BYTES)
        hashes.push(leafHash(leaves.subarray(at, at + LEAF_BYTES)));
    return this.extended(hashes);
  }

  /** The same from leaf hashes. */
  extended(hashes: readonly Buffer[]): { readonly tree: GrowingTree; readonly tiles: readonly FullTile[] } {
    const tree = new GrowingTree(
      this.range.clone(),
      this.edges.map((edge) => [...edge]),
    );
    const tiles: FullTile[] = [];
    for (const hash of hashes) tree.#append(hash, tiles);
    return { tree, tiles };
  }

  #append(hash: Buffer, tiles: FullTile[]): void {
    this.range.append(hash);
    let rising = hash;
    let n = this.range.size;
    for (let level = 0; ; level++) {
      const edge = (this.edges[level] ??= []);
      edge.push(rising);
      if (edge.length < TILE_WIDTH) return;
      n = Math.floor(n / TILE_WIDTH);
      tiles.push({ level, n: n - 1, data: Buffer.concat(edge) });
      rising = merkleRoot(edge);
      this.edges[level] = [];
    }
  }
}

/** Root of a full tile: the hash that stands for it one level up. */
export function tileRoot(data: Buffer): Buffer {
  return merkleRoot(Array.from({ length: data.length / 32 }, (_, i) => data.subarray(i * 32, (i + 1) * 32)));
}
