import {
  type Checkpoint,
  CompactRange,
  leafHash,
  merkleRoot,
  NoteError,
  type NoteVerifier,
  openNote,
  verifyConsistency,
} from '@lexecon/crypto';
import {
  batchNote,
  decodeLeaf,
  type ExportBatch,
  type ExportEntry,
  type ExportHeader,
  LeafError,
  mayBePruned,
  openLeaf,
  ReceiptError,
  receiptKeyName,
  tenantOf,
} from '@lexecon/ledger/core';
import { openCheckpoint } from './checkpoint.js';
import type { ExportLines } from './export.lines.js';
import { SavedCheckpoint } from './saved-checkpoint.js';
import { bytesOfBase64, hashesOf } from './shape.js';
import { Invalid, Undecided } from './verdict.js';

export interface Auditor {
  readonly verifiers: readonly NoteVerifier[];
  /** A checkpoint kept from earlier, as a signed note. */
  readonly saved?: string;
  /** Unix milliseconds: payloads may be gone once their retention is over. */
  readonly nowMs: number;
}

/** Recomputes an export: its checkpoint, every entry, every batch, the tree, and what a saved checkpoint says. Throws Invalid naming
 *  the first thing that is wrong; Undecided when a key or a wider export is needed. */
export async function verifyExport(lines: ExportLines, auditor: Auditor): Promise<string> {
  const header = await lines.header();
  const head = headOf(header, auditor);
  const saved =
    auditor.saved === undefined ? null : SavedCheckpoint.of(auditor.saved, auditor.verifiers, { header, head });
  const { tree, batches, pruned } = await walk(lines, header, auditor, saved);
  leadsTo(tree, header, head);
  saved?.confirmed(head);
  const size = `entries ${String(header.from)} to ${String(header.to)} of ${head.origin} in ${String(batches)} batches, under its checkpoint of size ${String(head.size)}`;
  return [
    size,
    ...(pruned > 0 ? [`${String(pruned)} payloads are no longer kept`] : []),
    saved ? `the saved checkpoint of size ${String(saved.size)} is its beginning` : 'no saved checkpoint was given',
  ].join('; ');
}

function headOf(header: ExportHeader, { verifiers }: Auditor): Checkpoint {
  const head = openCheckpoint(header.checkpoint, verifiers, 'the checkpoint');
  if (head.origin !== `${header.origin}/${header.shard}`)
    throw new Invalid(`the checkpoint is of ${head.origin}, the header says ${header.origin}/${header.shard}`);
  if (header.from >= header.to || header.to > head.size)
    throw new Invalid(
      `entries ${String(header.from)} to ${String(header.to)} are no part of a log of ${String(head.size)}`,
    );
  return head;
}

interface Walked {
  readonly tree: CompactRange;
  readonly batches: number;
  readonly pruned: number;
}

async function walk(
  lines: ExportLines,
  header: ExportHeader,
  auditor: Auditor,
  saved: SavedCheckpoint | null,
): Promise<Walked> {
  const tree = before(header);
  let batches = 0;
  let pruned = 0;
  saved?.passes(tree);
  while (tree.size < header.to) {
    const batch = await lines.batch(tree.size);
    checkPlace(batch, tree.size, header);
    const hashes: Buffer[] = [];
    for (const end = Math.min(header.to, batch.index + batch.count); tree.size < end; saved?.passes(tree)) {
      const entry = await lines.entry(tree.size);
      const leaf = checkEntry(entry, tree.size, header, auditor.nowMs);
      if (entry.opening === null) pruned += 1;
      hashes.push(leafHash(leaf));
      tree.append(leafHash(leaf));
    }
    checkBatch(batch, hashes, header, auditor);
    batches += 1;
  }
  await lines.end();
  return { tree, batches, pruned };
}

function before({ from, left }: ExportHeader): CompactRange {
  try {
    return CompactRange.parse(from, Buffer.concat(hashesOf(left, 'left')));
  } catch (error) {
    if (error instanceof RangeError) throw new Invalid(`left: not the roots over ${String(from)} entries`);
    throw error;
  }
}

/** Batches follow each other without a gap; only the first and the last may reach beyond the range. */
function checkPlace(batch: ExportBatch, next: number, { from, to }: ExportHeader): void {
  const name = nameOf(batch);
  const end = batch.index + batch.count;
  if (next === from ? batch.index > next || end <= next : batch.index !== next || batch.count === 0)
    throw new Invalid(`${name} does not hold entry ${String(next)}, which is next`);
  if (batch.before.length !== Math.max(0, from - batch.index)) throw new Invalid(`${name}: "before" is not complete`);
  if (batch.after.length !== Math.max(0, end - to)) throw new Invalid(`${name}: "after" is not complete`);
}

function checkEntry(entry: ExportEntry, index: number, { origin }: ExportHeader, nowMs: number): Buffer {
  const name = `entry ${String(index)}`;
  if (entry.index !== index) throw new Invalid(`${name}: entry ${String(entry.index)} stands in its place`);
  const bytes = bytesOfBase64(entry.leaf, `${name}: leaf`);
  try {
    const leaf = entry.opening ? openLeaf(bytes, entry.opening) : decodeLeaf(bytes);
    if (!leaf.tenant.equals(tenantOf(origin))) throw new Invalid(`${name} is of another log than ${origin}`);
    if (!entry.opening && !mayBePruned(leaf.class, leaf.timeMs, nowMs))
      throw new Invalid(`${name}: its payload is missing, though it must still be kept`);
  } catch (error) {
    if (error instanceof LeafError || error instanceof ReceiptError) throw new Invalid(`${name}: ${error.message}`);
    throw error;
  }
  return bytes;
}

function checkBatch(
  batch: ExportBatch,
  hashes: readonly Buffer[],
  { origin }: ExportHeader,
  { verifiers }: Auditor,
): void {
  const name = nameOf(batch);
  const keyName = receiptKeyName(origin);
  const keys = verifiers.filter((verifier) => verifier.name === keyName);
  if (keys.length === 0) throw new Undecided(`the key of ${JSON.stringify(keyName)} is needed to check the batches`);
  const root = merkleRoot([
    ...hashesOf(batch.before, `${name}: before`),
    ...hashes,
    ...hashesOf(batch.after, `${name}: after`),
  ]);
  const promise = { origin, batch: batch.batch, count: batch.count, root, timeMs: batch.time };
  try {
    openNote(batchNote(promise, keyName, bytesOfBase64(batch.signature, `${name}: signature`)), keys);
  } catch (error) {
    if (error instanceof NoteError)
      throw new Invalid(`${name}: the log's receipt key did not sign these entries: ${error.message}`);
    throw error;
  }
}

function leadsTo(tree: CompactRange, { right }: ExportHeader, head: Checkpoint): void {
  const path = hashesOf(right, 'right');
  const step = { oldSize: tree.size, oldRoot: tree.root(), newSize: head.size, newRoot: head.root, path };
  if (!verifyConsistency(step)) throw new Invalid('the entries do not lead to the root that the checkpoint signs');
}

const nameOf = ({ batch, index, count }: ExportBatch): string =>
  `batch ${batch} (entries ${String(index)} to ${String(index + count)})`;
