import {
  CompactRange,
  formatCheckpoint,
  leafHash,
  merkleRoot,
  openNote,
  parseCheckpoint,
  verifyConsistency,
} from '@lexecon/crypto';
import { batchText, receiptKeyName, TreeFiles } from '@lexecon/ledger/core';
import { WholeTree } from './consistency.js';
import { entryOf, type Evidence, leavesOf, logOf } from './evidence.js';

/** Looks at the evidence for one thing and tells everything that is wrong with it. */
export type Check = (evidence: Evidence) => Iterable<string>;

export function* indexesAreDense({ sequence, batches }: Evidence): Iterable<string> {
  const sizes = new Map(batches.map(({ id, leaves }) => [id, leavesOf(leaves).length]));
  let next = 0;
  for (const { base, n, batch } of sequence) {
    if (base !== next) yield `index ${String(next)} is followed by a batch at ${String(base)}`;
    if (sizes.get(batch) !== n)
      yield `batch ${batch} has ${String(sizes.get(batch))} leaves, sequenced are ${String(n)}`;
    next = base + n;
  }
}

export function* everyBatchIsSequencedOnce({ sequence, batches }: Evidence): Iterable<string> {
  const sequenced = new Set(sequence.map((row) => row.batch));
  if (sequenced.size !== sequence.length) yield 'a batch is sequenced twice';
  for (const { id } of batches) if (!sequenced.has(id)) yield `batch ${id} has no index`;
}

export function* noEntryStandsTwice(evidence: Evidence): Iterable<string> {
  const { leaves, places } = logOf(evidence);
  for (const [index, leaf] of leaves.entries())
    if (places.get(entryOf(leaf)) !== index) yield `entry ${entryOf(leaf)} stands at ${String(index)} and again later`;
}

export function* headsFollowEachOther({ heads }: Evidence): Iterable<string> {
  const [first, ...rest] = heads;
  if (first?.size !== 0 || first.previous !== null) yield 'the first head is not that of the empty log';
  let before = 0;
  for (const { size, previous } of rest) {
    if (previous !== before) yield `head ${String(size)} follows ${String(previous)}, not ${String(before)}`;
    before = size;
  }
}

export function* rootsAreRecomputed(evidence: Evidence): Iterable<string> {
  const { hashes } = logOf(evidence);
  const range = new CompactRange();
  for (const { size, root } of evidence.heads) {
    while (range.size < Math.min(size, hashes.length)) range.append(hashes[range.size] ?? Buffer.alloc(32));
    if (range.size !== size || !range.root().equals(root))
      yield `head ${String(size)} has another root than its entries`;
  }
  if (range.size !== hashes.length)
    yield `the newest head covers ${String(range.size)} of ${String(hashes.length)} entries`;
}

export function* everyHeadIsSigned({ log, logVerifier, heads, signatures }: Evidence): Iterable<string> {
  const bySize = new Map(signatures.map((row) => [row.size, row]));
  if (bySize.size !== signatures.length) yield 'a head is signed twice';
  for (const { size, root } of heads) {
    if (size === 0) continue;
    const found = bySize.get(size);
    const text = formatCheckpoint({ origin: log, size, root });
    if (!found) yield `head ${String(size)} is not signed`;
    else if (found.keyName !== log || !found.signature.subarray(0, 4).equals(logVerifier.keyId))
      yield `head ${String(size)} is signed by another key`;
    else if (!logVerifier.verify(text, found.signature.subarray(4)))
      yield `the signature of head ${String(size)} is wrong`;
  }
}

export function* checkpointsAreConsistent(evidence: Evidence): Iterable<string> {
  const tree = new WholeTree(logOf(evidence).hashes);
  const size = logOf(evidence).hashes.length;
  for (const [i, head] of evidence.heads.entries()) {
    const next = evidence.heads[i + 1];
    if (!next) return;
    const path = next.size > size ? [] : tree.consistency(head.size, next.size);
    const proof = { oldSize: head.size, oldRoot: head.root, newSize: next.size, newRoot: next.root, path };
    if (!verifyConsistency(proof)) yield `checkpoint ${String(next.size)} is not consistent with ${String(head.size)}`;
  }
}

export function* tilesAreRight(evidence: Evidence): Iterable<string> {
  const stored = new Map(evidence.tiles.map(({ level, n, data }) => [tileName(level, n), data]));
  const tree = new TreeFiles();
  let full = 0;
  for (const leaf of logOf(evidence).leaves)
    for (const [path, data] of tree.add(leaf)) {
      const [, level = '', ...groups] = path.split('/');
      if (level === 'entries') continue;
      full += 1;
      const name = tileName(Number(level), Number(groups.join('').replaceAll('x', '')));
      if (!stored.get(name)?.equals(data)) yield `tile ${name} ${stored.has(name) ? 'is wrong' : 'is missing'}`;
    }
  if (stored.size !== full) yield `${String(stored.size)} tiles are stored, ${String(full)} are full`;
}

const tileName = (level: number, n: number): string => `${String(level)}/${String(n)}`;

export function* batchSignaturesHold({ origin, receiptVerifier, batches }: Evidence): Iterable<string> {
  for (const { id, n, signedAt, signature, leaves } of batches) {
    const root = merkleRoot(leavesOf(leaves).map(leafHash));
    const text = batchText({ origin, batch: id, count: n, root, timeMs: signedAt });
    const ours =
      receiptVerifier.name === receiptKeyName(origin) && signature.subarray(0, 4).equals(receiptVerifier.keyId);
    if (!ours || !receiptVerifier.verify(text, signature.subarray(4)))
      yield `batch ${id} is not signed by this deployment`;
  }
}

export function* guardHoldsTheNewestHead({ log, logVerifier, guard, guardSizes, heads }: Evidence): Iterable<string> {
  const head = heads.at(-1);
  try {
    const { origin, size, root } = parseCheckpoint(openNote(guard, [logVerifier]).text);
    if (origin !== log || size !== head?.size || !root.equals(head.root))
      yield `the guard holds size ${String(size)}, the log ${String(head?.size)}`;
  } catch (error) {
    yield `the guard’s checkpoint does not open: ${String(error)}`;
  }
  for (const [i, size] of guardSizes.entries())
    if (size < (guardSizes[i - 1] ?? 0))
      yield `the guard went back from ${String(guardSizes[i - 1])} to ${String(size)}`;
}
