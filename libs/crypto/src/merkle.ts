import { equalBytes, sha256 } from './hash.js';

/** Bytes of a hash in the tree. */
const HASH_BYTES = 32;
/** Root of the tree without leaves (RFC 6962, 2.1). */
export const EMPTY_ROOT: Buffer = sha256('');

const leafScratch = Buffer.alloc(1025);
const nodeScratch = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** SHA-256(0x00 ‖ data). */
export function leafHash(data: Uint8Array): Buffer {
  if (data.length >= leafScratch.length) return sha256(Buffer.concat([leafScratch.subarray(0, 1), data]));
  leafScratch.set(data, 1);
  return sha256(leafScratch.subarray(0, 1 + data.length));
}

/** SHA-256(0x01 ‖ left ‖ right). Throws RangeError unless both are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  if (!isHash(left) || !isHash(right)) throw new RangeError('a node has two hashes of 32 bytes');
  nodeScratch.set(left, 1);
  nodeScratch.set(right, 1 + HASH_BYTES);
  return sha256(nodeScratch);
}

/** The root and every inclusion path (leaf's sibling first) of a small tree, computed in one pass. */
export function merkleBatch(leafHashes: readonly Buffer[]): { readonly root: Buffer; readonly paths: Buffer[][] } {
  const paths: Buffer[][] = leafHashes.map(() => []);
  let level = leafHashes;
  for (let width = 1; level.length > 1; width *= 2) {
    for (let leaf = 0; leaf < paths.length; leaf++) {
      const at = Math.floor(leaf / width);
      const sibling = level[at % 2 === 0 ? at + 1 : at - 1];
      if (sibling !== undefined) paths[leaf]?.push(sibling);
    }
    level = parents(level);
  }
  return { root: level[0] ?? EMPTY_ROOT, paths };
}

/** The RFC 6962 root over leaf hashes. */
export function merkleRoot(leafHashes: readonly Buffer[]): Buffer {
  let level = leafHashes;
  while (level.length > 1) level = parents(level);
  return level[0] ?? EMPTY_ROOT;
}

/** One level up; a last node without a sibling rises as it is. */
function parents(level: readonly Buffer[]): Buffer[] {
  const above: Buffer[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Buffer;
    const right = level[i + 1];
    above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
}

/** An entry's place in a tree, and the hashes that lead from it to the root, the leaf's sibling first. */
export interface Inclusion {
  readonly leafHash: Buffer;
  readonly index: number;
  readonly size: number;
  readonly path: readonly Buffer[];
}

/** The root that `path` leads to, or null when the path does not fit the index and the size. */
export function rootFromInclusion({ leafHash, index, size, path }: Inclusion): Buffer | null {
  if (!isCount(index) || !isCount(size) || index >= size || !isHash(leafHash) || !path.every(isHash)) return null;
  let node = index;
  let last = size - 1;
  let root = leafHash;
  for (const sibling of path) {
    if (last === 0) return null;
    if (isOdd(node) || node === last) {
      root = nodeHash(sibling, root);
      while (!isOdd(node)) [node, last] = [half(node), half(last)];
    } else {
      root = nodeHash(root, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? root : null;
}

/** Whether the leaf is at `index` of the tree of `size` leaves with this root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(proof: Inclusion & { readonly root: Buffer }): boolean {
  const root = rootFromInclusion(proof);
  return root !== null && equalBytes(root, proof.root);
}

/** Two heads of one log and the path between them. */
export interface Consistency {
  readonly oldSize: number;
  readonly oldRoot: Buffer;
  readonly newSize: number;
  readonly newRoot: Buffer;
  readonly path: readonly Buffer[];
}

/** Whether the older tree is a prefix of the newer (RFC 9162, 2.1.4.2). From the empty tree, and between equal sizes,
 *  the path is empty. */
export function verifyConsistency({ oldSize, oldRoot, newSize, newRoot, path }: Consistency): boolean {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false;
  if (!isHash(oldRoot) || !isHash(newRoot) || !path.every(isHash)) return false;
  if (newSize === 0 && !newRoot.equals(EMPTY_ROOT)) return false;
  if (oldSize === newSize) return path.length === 0 && equalBytes(oldRoot, newRoot);
  if (oldSize === 0) return path.length === 0 && equalBytes(oldRoot, EMPTY_ROOT);
  let node = oldSize - 1;
  let last = newSize - 1;
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // A whole subtree of the old tree is its own root; otherwise the first hash of the path is where both walks start.
  const [start, ...rest] = node === 0 ? [oldRoot, ...path] : path;
  if (start === undefined) return false;
  let oldHash = start;
  let newHash = start;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(oldHash, oldRoot) && equalBytes(newHash, newRoot);
}

/** Arithmetic instead of bit operators: sizes go beyond 32 bits. */
const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isHash = (bytes: Uint8Array): boolean => bytes.length === HASH_BYTES;
