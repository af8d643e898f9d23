import { EMPTY_ROOT, nodeHash } from '@lexecon/crypto';

/** Every whole subtree of a tree in memory: what consistency proofs are made of, straight from RFC 6962, 2.1.2. */
export class WholeTree {
  /** Node `i` of level `l` covers the leaves from i × 2^l on. */
  readonly #levels: (readonly Buffer[])[];

  constructor(leaves: readonly Buffer[]) {
    this.#levels = [leaves];
    for (let below = leaves; below.length > 1;) {
      const level: Buffer[] = [];
      for (let i = 0; i + 1 < below.length; i += 2) level.push(nodeHash(at(below, i), at(below, i + 1)));
      this.#levels.push(level);
      below = level;
    }
  }

  /** Root over the first `size` leaves. */
  root(size: number): Buffer {
    return size === 0 ? EMPTY_ROOT : this.#hash(0, size);
  }

  /** Proof from the first `old` leaves to the first `size`. */
  consistency(old: number, size: number): Buffer[] {
    return old === 0 || old === size ? [] : this.#sub(old, 0, size, true);
  }

  #sub(old: number, from: number, to: number, whole: boolean): Buffer[] {
    if (old === to - from) return whole ? [] : [this.#hash(from, to)];
    const k = split(to - from);
    return old <= k
      ? [...this.#sub(old, from, from + k, whole), this.#hash(from + k, to)]
      : [...this.#sub(old - k, from + k, to, false), this.#hash(from, from + k)];
  }

  #hash(from: number, to: number): Buffer {
    const width = to - from;
    const level = Math.log2(width);
    if (Number.isInteger(level)) return at(this.#levels[level] ?? [], from / width);
    const k = split(width);
    return nodeHash(this.#hash(from, from + k), this.#hash(from + k, to));
  }
}

/** The largest power of two below `n`. */
function split(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

function at(nodes: readonly Buffer[], index: number): Buffer {
  const node = nodes[index];
  if (!node) throw new RangeError(`no node ${String(index)} among ${String(nodes.length)}`);
  return node;
}
