import { CoMETRE } from '@transmute/rfc9162';
import { CompactRange } from './compact-range.js';
import {
  EMPTY_ROOT,
  leafHash,
  merkleBatch,
  merkleRoot,
  nodeHash,
  rootFromInclusion,
  verifyConsistency,
  verifyInclusion,
} from './merkle.js';

const oracle = CoMETRE.RFC9162_SHA256;
const MOST = 70;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
/** The inputs and roots of the Certificate Transparency reference tests. */
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  hex,
);
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
].map(hex);

const entries = Array.from({ length: MOST }, (_, i) => Buffer.from(`entry ${i}`));
const leaves = entries.map((entry) => leafHash(entry));
const roots = Array.from({ length: MOST + 1 }, (_, size) => merkleRoot(leaves.slice(0, size)));
const root = (size: number): Buffer => roots[size] as Buffer;
const at = <T>(items: readonly T[], i: number): T => items[i] as T;

/** PATH and SUBPROOF as RFC 6962 words them, over all leaves. */
const split = (size: number): number => 2 ** Math.ceil(Math.log2(size) - 1);
function pathByDefinition(index: number, part: readonly Buffer[]): Buffer[] {
  if (part.length === 1) return [];
  const k = split(part.length);
  return index < k
    ? [...pathByDefinition(index, part.slice(0, k)), merkleRoot(part.slice(k))]
    : [...pathByDefinition(index - k, part.slice(k)), merkleRoot(part.slice(0, k))];
}
function subproof(old: number, part: readonly Buffer[], whole: boolean): Buffer[] {
  if (old === part.length) return whole ? [] : [merkleRoot(part)];
  const k = split(part.length);
  return old <= k
    ? [...subproof(old, part.slice(0, k), whole), merkleRoot(part.slice(k))]
    : [...subproof(old - k, part.slice(k), false), merkleRoot(part.slice(0, k))];
}
const consistencyByDefinition = (old: number, size: number): Buffer[] =>
  old === 0 ? [] : subproof(old, leaves.slice(0, size), true);

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe('hashes and roots', () => {
  it('hashes the empty tree, leaves and nodes apart', () => {
    expect(EMPTY_ROOT).toEqual(hex('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'));
    expect(leafHash(Buffer.alloc(0))).toEqual(at(ROOTS, 0));
    expect(nodeHash(leafHash(hex('')), leafHash(hex('00')))).toEqual(at(ROOTS, 1));
  });

  it('has the roots of the reference tests', () => {
    for (let size = 1; size <= INPUTS.length; size++) {
      expect(merkleRoot(INPUTS.slice(0, size).map((input) => leafHash(input)))).toEqual(at(ROOTS, size - 1));
    }
  });

  it('hashes long entries as it does short ones', async () => {
    for (const length of [0, 1, 98, 1023, 1024, 1025, 5000]) {
      const entry = Buffer.alloc(length, 7);
      expect(leafHash(entry)).toEqual(Buffer.from(await oracle.leaf(entry)));
    }
  });

  it('refuses nodes of another length', () => {
    expect(() => nodeHash(Buffer.alloc(31), Buffer.alloc(32))).toThrow(RangeError);
    expect(() => nodeHash(Buffer.alloc(32), Buffer.alloc(33))).toThrow(RangeError);
  });

  it('agrees with another implementation on every root', async () => {
    for (let size = 1; size <= MOST; size++) {
      expect(root(size)).toEqual(Buffer.from(await oracle.root(leaves.slice(0, size))));
    }
  });
});

describe('compact range', () => {
  it('has the root of the whole tree at every size, also when stored and read back', () => {
    let range = new CompactRange();
    for (let size = 0; size <= MOST; size++) {
      expect(range.size).toBe(size);
      expect(range.root()).toEqual(root(size));
      range = CompactRange.parse(size, range.serialize());
      if (size < MOST) range.append(at(leaves, size));
    }
  });

  it('tells of each completed node once', () => {
    const nodes = new Map<string, Buffer>();
    const range = new CompactRange();
    for (const leaf of leaves) range.append(leaf, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
    let expected = 0;
    for (let level = 0; 2 ** level <= MOST; level++) {
      for (let index = 0; (index + 1) * 2 ** level <= MOST; index++) {
        expected += 1;
        expect(nodes.get(`${level}/${index}`)).toEqual(
          merkleRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)),
        );
      }
    }
    expect(nodes.size).toBe(expected);
  });

  it('is not changed by what is done to its clone', () => {
    const range = new CompactRange();
    range.append(at(leaves, 0));
    const clone = range.clone();
    clone.append(at(leaves, 1));
    expect(range.root()).toEqual(root(1));
    expect(clone.root()).toEqual(root(2));
  });

  it('goes on past 2^32 leaves', () => {
    const size = 2 ** 40 + 2 ** 31 + 1;
    const range = CompactRange.parse(size, Buffer.alloc(96, 5));
    const nodes: [number, number][] = [];
    range.append(at(leaves, 0), (level, index) => nodes.push([level, index]));
    expect(range.size).toBe(size + 1);
    expect(nodes).toEqual([
      [0, size],
      [1, 2 ** 39 + 2 ** 30],
    ]);
    expect(range.serialize()).toHaveLength(96);
  });

  it.each([
    [1, 0],
    [3, 32],
    [2, 33],
    [-1, 32],
    [1.5, 32],
    [2 ** 53, 32],
  ])('refuses to be read with size %d from %d bytes', (size, length) => {
    expect(() => CompactRange.parse(size, Buffer.alloc(length))).toThrow(RangeError);
  });
});

describe('inclusion', () => {
  it('has every path of every tree up to seventy leaves, as another implementation computes them', async () => {
    for (let size = 1; size <= MOST; size++) {
      const batch = merkleBatch(leaves.slice(0, size));
      expect(batch.root).toEqual(root(size));
      for (let index = 0; index < size; index++) {
        const expected = Buffer.concat(pathByDefinition(index, leaves.slice(0, size)));
        expect(Buffer.concat(at(batch.paths, index)).equals(expected)).toBe(true);
      }
      const index = (size * 31) % size;
      const theirs = await oracle.inclusion_proof(index, leaves.slice(0, size));
      expect(at(batch.paths, index)).toEqual(theirs.inclusion_path.map((hash) => Buffer.from(hash)));
    }
  });

  it('accepts all those paths, and so does the other implementation', async () => {
    for (let size = 1; size <= MOST; size++) {
      const { paths } = merkleBatch(leaves.slice(0, size));
      for (let index = 0; index < size; index++) {
        const path = at(paths, index);
        expect(verifyInclusion({ leafHash: at(leaves, index), index, size, path, root: root(size) })).toBe(true);
        const proof = { log_id: '', tree_size: size, leaf_index: index, inclusion_path: path };
        expect(root(size).equals(await oracle.verify_inclusion_proof(at(leaves, index), proof))).toBe(true);
      }
    }
  });

  it('refuses every other index and every other size that changes the walk', () => {
    for (let size = 2; size <= 20; size++) {
      const { paths } = merkleBatch(leaves.slice(0, size));
      for (let index = 0; index < size; index++) {
        const proof = { leafHash: at(leaves, index), size, path: at(paths, index), root: root(size) };
        for (let other = 0; other < size; other++) {
          if (other !== index) expect(verifyInclusion({ ...proof, index: other })).toBe(false);
        }
      }
    }
  });

  it('refuses each flipped bit of leaf, path and root', () => {
    const size = 13;
    const index = 5;
    const path = at(merkleBatch(leaves.slice(0, size)).paths, index);
    const proof = { leafHash: at(leaves, index), index, size, path, root: root(size) };
    for (let bit = 0; bit < 256; bit++) {
      expect(verifyInclusion({ ...proof, leafHash: flipped(proof.leafHash, bit) })).toBe(false);
      expect(verifyInclusion({ ...proof, root: flipped(proof.root, bit) })).toBe(false);
      path.forEach((hash, i) => {
        expect(verifyInclusion({ ...proof, path: path.with(i, flipped(hash, bit)) })).toBe(false);
      });
    }
  });

  it('refuses a path that is too short, too long, or of broken hashes', () => {
    const path = at(merkleBatch(leaves.slice(0, 13)).paths, 5);
    const proof = { leafHash: at(leaves, 5), index: 5, size: 13, root: root(13) };
    expect(verifyInclusion({ ...proof, path: path.slice(1) })).toBe(false);
    expect(verifyInclusion({ ...proof, path: path.slice(0, -1) })).toBe(false);
    expect(verifyInclusion({ ...proof, path: [...path, root(13)] })).toBe(false);
    expect(verifyInclusion({ ...proof, path: path.with(0, Buffer.alloc(31)) })).toBe(false);
    expect(verifyInclusion({ ...proof, path, leafHash: Buffer.alloc(0) })).toBe(false);
  });

  it.each([
    [-1, 3],
    [3, 3],
    [0.5, 3],
    [0, 0],
    [Number.NaN, 3],
    [0, 2 ** 53],
  ])('refuses index %d of size %d', (index, size) => {
    expect(rootFromInclusion({ leafHash: at(leaves, 0), index, size, path: [] })).toBeNull();
  });

  it('walks right beyond 32 bits', () => {
    const size = 2 ** 45;
    const path = Array.from({ length: 45 }, (_, i) => leafHash(Buffer.of(i)));
    const index = 2 ** 44 + 2 ** 33 + 1;
    let expected = at(leaves, 0);
    path.forEach((sibling, level) => {
      const right = Math.floor(index / 2 ** level) % 2 === 1;
      expected = right ? nodeHash(sibling, expected) : nodeHash(expected, sibling);
    });
    expect(rootFromInclusion({ leafHash: at(leaves, 0), index, size, path })).toEqual(expected);
  });
});

describe('consistency', () => {
  it('accepts the proof between any two sizes up to seventy, and so does the other implementation', async () => {
    for (let newSize = 1; newSize <= MOST; newSize++) {
      for (let oldSize = 0; oldSize <= newSize; oldSize++) {
        const path = consistencyByDefinition(oldSize, newSize);
        const proof = { oldSize, oldRoot: root(oldSize), newSize, newRoot: root(newSize), path };
        expect(verifyConsistency(proof)).toBe(true);
        if (oldSize === 0 || oldSize === newSize) continue;
        // It leaves out the RFC's step 2, so from a whole subtree it must be given the old root first.
        const theirPath = Number.isInteger(Math.log2(oldSize)) ? [root(oldSize), ...path] : path;
        const theirs = { log_id: '', tree_size_1: oldSize, tree_size_2: newSize, consistency_path: theirPath };
        expect(await oracle.verify_consistency_proof(root(oldSize), root(newSize), theirs)).toBe(true);
      }
    }
  });

  it('refuses each flipped bit of both roots and the path', () => {
    for (const [oldSize, newSize] of [
      [5, 13],
      [8, 13],
      [12, 13],
      [13, 13],
      [0, 13],
    ] as const) {
      const path = consistencyByDefinition(oldSize, newSize);
      const proof = { oldSize, oldRoot: root(oldSize), newSize, newRoot: root(newSize), path };
      for (let bit = 0; bit < 256; bit++) {
        expect(verifyConsistency({ ...proof, oldRoot: flipped(proof.oldRoot, bit) })).toBe(false);
        // From nothing any root follows: only its signature vouches for it.
        if (oldSize > 0) expect(verifyConsistency({ ...proof, newRoot: flipped(proof.newRoot, bit) })).toBe(false);
        path.forEach((hash, i) => {
          expect(verifyConsistency({ ...proof, path: path.with(i, flipped(hash, bit)) })).toBe(false);
        });
      }
    }
  });

  it('refuses a path that is too short, too long, or of broken hashes', () => {
    for (let oldSize = 0; oldSize <= 13; oldSize++) {
      const path = consistencyByDefinition(oldSize, 13);
      const proof = { oldSize, oldRoot: root(oldSize), newSize: 13, newRoot: root(13), path };
      expect(verifyConsistency({ ...proof, path: [...path, root(1)] })).toBe(false);
      if (path.length === 0) continue;
      expect(verifyConsistency({ ...proof, path: path.slice(1) })).toBe(false);
      expect(verifyConsistency({ ...proof, path: path.slice(0, -1) })).toBe(false);
      expect(verifyConsistency({ ...proof, path: path.with(0, Buffer.alloc(33)) })).toBe(false);
    }
  });

  it('refuses a shrinking tree, odd numbers and an empty tree with a root', () => {
    const proof = { oldSize: 3, oldRoot: root(3), newSize: 3, newRoot: root(3), path: [] };
    expect(verifyConsistency(proof)).toBe(true);
    expect(verifyConsistency({ ...proof, newSize: 2, newRoot: root(2) })).toBe(false);
    expect(verifyConsistency({ ...proof, oldSize: -1 })).toBe(false);
    expect(verifyConsistency({ ...proof, oldSize: 2.5 })).toBe(false);
    expect(verifyConsistency({ ...proof, oldSize: 0, oldRoot: root(3) })).toBe(false);
    expect(verifyConsistency({ ...proof, oldSize: 0, oldRoot: root(3), newSize: 0 })).toBe(false);
  });

  it('refuses two different trees of one size', () => {
    const other = merkleRoot(leaves.slice(1, 4));
    expect(verifyConsistency({ oldSize: 3, oldRoot: root(3), newSize: 3, newRoot: other, path: [] })).toBe(false);
  });
});
