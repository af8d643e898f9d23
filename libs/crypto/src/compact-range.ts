import { EMPTY_ROOT, nodeHash } from './merkle.js';

/** Told of every node that an append completes: `hash` is node `index` (from 0) of `level` (0 = leaves). */
export type OnNode = (level: number, index: number, hash: Buffer) => void;

/** An append-only RFC 6962 tree of which only the roots of the whole subtrees are kept: enough to go on appending and
 *  to tell the root at any time, in memory that grows with the logarithm of the size. */
export class CompactRange {
  /** The empty tree; a tree of another size comes from `parse` or `clone`. */
  constructor(
    private count = 0,
    /** One root per one-bit of `count`, the largest subtree first. */
    private readonly roots: Buffer[] = [],
  ) {}

  /** Throws RangeError when `bytes` is not what `serialize` gives for a tree of `size` leaves. */
  static parse(size: number, bytes: Buffer): CompactRange {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('a tree size is a whole number from 0 on');
    if (bytes.length !== 32 * oneBits(size)) throw new RangeError(`${bytes.length} bytes are no range of size ${size}`);
    const copy = Buffer.from(bytes);
    const roots: Buffer[] = [];
    for (let at = 0; at < copy.length; at += 32) roots.push(copy.subarray(at, at + 32));
    return new CompactRange(size, roots);
  }

  get size(): number {
    return this.count;
  }

  append(leafHash: Buffer, onNode?: OnNode): void {
    let index = this.count;
    let hash = leafHash;
    onNode?.(0, index, hash);
    for (let level = 1; index % 2 === 1; level++) {
      hash = nodeHash(this.roots.pop() as Buffer, hash);
      index = (index - 1) / 2;
      onNode?.(level, index, hash);
    }
    this.roots.push(hash);
    this.count += 1;
  }

  root(): Buffer {
    return this.roots.length === 0 ? EMPTY_ROOT : this.roots.reduceRight((right, left) => nodeHash(left, right));
  }

  clone(): CompactRange {
    return new CompactRange(this.count, [...this.roots]);
  }

  /** 32 bytes for each one-bit of the size, the largest subtree first. */
  serialize(): Buffer {
    return Buffer.concat(this.roots);
  }
}

function oneBits(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
