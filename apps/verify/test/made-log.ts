import { createHash, randomBytes } from 'node:crypto';
import {
  CompactRange,
  formatCheckpoint,
  formatConsistency,
  formatTlogProof,
  generateSignerKey,
  type Json,
  leafHash,
  merkleBatch,
  merkleRoot,
  type NoteSigner,
  noteSigner,
} from '@lexecon/crypto';
import { type Decision, decisionOf, type DecisionRecord, entryOf } from '@lexecon/decision/core';
import {
  batchNote,
  type BatchPromise,
  bytesOfUuid,
  consistencyPath,
  encodeLeaf,
  type Entry,
  type ExportBatch,
  type ExportEntry,
  type ExportHeader,
  inclusionPath,
  type KindName,
  type Opening,
  type Receipt,
  sealEntry,
  signBatch,
  tenantOf,
  TileSet,
  uuidOf,
} from '@lexecon/ledger/core';

const ORIGIN = 'ledger.example.eu';
export const SHARD = '2026h2';
export const NOW = Date.parse('2026-11-22T12:00:00Z');

interface MadeEntry {
  readonly leaf: Buffer;
  readonly opening: Opening;
  readonly receipt: Receipt;
}

interface MadeBatch {
  readonly promise: BatchPromise;
  readonly signature: Buffer;
  readonly index: number;
  readonly entries: readonly MadeEntry[];
}

export interface Part {
  readonly from?: number;
  readonly to?: number;
  /** Entries under the checkpoint. */
  readonly size?: number;
}

/** A log made in memory, as the server would: what a verifier is given, and what a forger would give it. */
export class MadeLog {
  readonly receipts: NoteSigner;
  readonly heads: NoteSigner;
  readonly batches: MadeBatch[] = [];

  constructor(readonly origin = ORIGIN) {
    this.receipts = noteSigner(generateSignerKey(`${origin}/receipt`, randomBytes(32)));
    this.heads = noteSigner(generateSignerKey(`${origin}/${SHARD}`, randomBytes(32)));
  }

  get keys(): string[] {
    return [this.receipts.vkey, this.heads.vkey];
  }

  get leaves(): Buffer[] {
    return this.batches.flatMap((batch) => batch.entries.map(({ leaf }) => leaf));
  }

  /** One batch; receipts in order. */
  append(entries: readonly Entry[], kind: KindName = 'decision'): Receipt[] {
    const sealed = entries.map((entry) => sealEntry(entry, randomBytes));
    const leaves = entries.map((entry, i) => {
      const { commitments, fields } = sealed[i] as ReturnType<typeof sealEntry>;
      const { class: retention, timeMs, entryId, ref = null } = entry;
      return encodeLeaf({
        kind,
        class: retention,
        timeMs,
        entryId,
        tenant: tenantOf(this.origin),
        ref,
        count: commitments.length,
        fields,
      });
    });
    const { root, paths } = merkleBatch(leaves.map(leafHash));
    const id = uuidOf(bytesOfUuid(`0199f0c4-2222-7000-8000-${String(this.batches.length).padStart(12, '0')}`));
    const promise: BatchPromise = {
      origin: this.origin,
      batch: id,
      count: leaves.length,
      root,
      timeMs: NOW - 3_600_000,
    };
    const signature = signBatch(promise, this.receipts);
    const index = this.leaves.length;
    const made = entries.map((entry, i): MadeEntry => {
      const leaf = leaves[i] as Buffer;
      const { seed, commitments } = sealed[i] as ReturnType<typeof sealEntry>;
      const open = Object.keys(entry.public).length;
      const opening = {
        schema: 1,
        seed: base64(seed),
        public: entry.public,
        commitments: commitments.slice(open).map(base64),
      };
      const receipt: Receipt = {
        log: this.origin,
        entry: uuidOf(entry.entryId),
        leaf: base64(leaf),
        opening,
        batch: id,
        position: i,
        path: (paths[i] ?? []).map(base64),
        note: batchNote(promise, this.receipts.name, signature),
        index: null,
      };
      return { leaf, opening, receipt };
    });
    this.batches.push({ promise, signature, index, entries: made });
    return made.map(({ receipt }) => receipt);
  }

  /** `count` entries in batches of `at`. */
  fill(count: number, at: number): this {
    for (let done = 0; done < count; done += at)
      this.append(
        Array.from({ length: Math.min(at, count - done) }, (_, i) => plainEntry(done + i)),
        'audit',
      );
    return this;
  }

  checkpoint(size = this.leaves.length): string {
    const root = merkleRoot(this.leaves.slice(0, size).map(leafHash));
    return this.heads.sign(formatCheckpoint({ origin: `${this.origin}/${SHARD}`, size, root }));
  }

  consistency(from: number, to = this.leaves.length): string {
    return formatConsistency({
      oldSize: from,
      path: consistencyPath(from, to, this.#tiles()),
      checkpoint: this.checkpoint(to),
    });
  }

  proofFile(index: number): string {
    const { leaves } = this;
    const path = inclusionPath(index, leaves.length, this.#tiles());
    return formatTlogProof({ extra: leaves[index] as Buffer, index, path, checkpoint: this.checkpoint() });
  }

  /** The receipt with its place in the log proven. */
  proven(receipt: Receipt): Receipt {
    const index = this.leaves.findIndex((leaf) => base64(leaf) === receipt.leaf);
    const size = this.leaves.length;
    const path = inclusionPath(index, size, this.#tiles()).map(base64);
    return { ...receipt, index, proof: { shard: SHARD, index, size, path, checkpoint: this.checkpoint() } };
  }

  /** The lines of an export, as values. */
  export({ from = 0, to = this.leaves.length, size = this.leaves.length }: Part = {}): ExportLine[] {
    const tree = new CompactRange();
    for (const leaf of this.leaves.slice(0, from)) tree.append(leafHash(leaf));
    const left = tree.serialize();
    const header: ExportHeader = {
      format: 'lexecon-export/1',
      origin: this.origin,
      shard: SHARD,
      from,
      to,
      keys: this.keys,
      checkpoint: this.checkpoint(size),
      left: Array.from({ length: left.length / 32 }, (_, i) => base64(left.subarray(i * 32, (i + 1) * 32))),
      right: consistencyPath(to, size, this.#tiles()).map(base64),
    };
    const inside = this.batches.filter(({ index, entries }) => index < to && index + entries.length > from);
    return [header, ...inside.flatMap((batch) => linesOf(batch, from, to))];
  }

  #tiles(): TileSet {
    const hashes = this.leaves.map(leafHash);
    const tiles = new TileSet(10_000);
    for (const { level, n, width } of allTiles(hashes.length))
      tiles.put({ level, n, width }, Buffer.concat(nodes(hashes, level).slice(n * 256, n * 256 + width)));
    return tiles;
  }
}

export type ExportLine = ExportHeader | ExportBatch | ExportEntry;

export const textOf = (lines: readonly ExportLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

/** A decision with everything in it that an answer can have. */
export function recordOf(changes: Partial<DecisionRecord> = {}): DecisionRecord {
  const rule = { policy: 'customer-support', version: 7, rule: 'bulk-export', effect: 'escalate' as const };
  return {
    id: bytesOfUuid('0199f0c4-1111-7000-8000-000000000001'),
    decidedAt: new Date('2026-11-22T10:30:00.123Z'),
    principal: { id: '0199f0c4-1111-7000-8000-000000000009', name: 'gateway' },
    request: {
      actor: { type: 'agent', id: 'support-bot', onBehalfOf: { type: 'user', id: 'u-1842' } },
      action: { name: 'database:export' },
      resource: { type: 'table', id: 'orders' },
    },
    known: { actor: { roles: ['support-agent'], attributes: {} } },
    verdict: {
      outcome: 'escalate',
      reason: 'Bulk export of personal data needs a reviewer',
      rules: [rule, { ...rule, rule: 'read-orders', effect: 'permit' }],
      obligations: [
        { name: 'mask-fields', parameters: { fields: ['email'] } },
        { name: 'log-access', parameters: {} },
      ],
      risk: 'standard',
      mode: 'strict',
      trace: [],
    },
    policySet: `sha256:${createHash('sha256').update('set').digest('hex')}`,
    review: { id: '0199f0c4-3333-7000-8000-000000000002', expiresAt: new Date('2026-11-22T14:30:00Z') },
    keys: [{ id: '0199f0c4-4444-7000-8000-000000000003', key: randomBytes(32) }],
    index: { actor: 'support-bot', actorBlind: null, behalfBlind: null },
    ...changes,
  };
}

/** The answer to `record`, recorded in a batch among others. */
export function answerIn(log: MadeLog, record: DecisionRecord): Decision {
  const receipts = log.append([plainEntry(0), plainEntry(1), entryOf(record), plainEntry(2), plainEntry(3)]);
  return decisionOf(record, receipts[2] as Receipt);
}

function plainEntry(n: number): Entry {
  const entryId = bytesOfUuid(`0199f0c4-0000-7000-8000-${String(n).padStart(12, '0')}`);
  const fields: Record<string, Json> = { text: `entry ${String(n)}`, nested: { n, list: [1, 'é', null] } };
  const key = { id: '0199f0c4-4444-7000-8000-000000000003', key: Buffer.alloc(32, 7) };
  return {
    entryId,
    timeMs: NOW - 7_200_000 + n,
    class: 'decision',
    public: fields,
    sealed: [{ key, fields: { secret: n } }],
  };
}

export const base64 = (bytes: Buffer): string => bytes.toString('base64');

function linesOf({ promise, signature, index, entries }: MadeBatch, from: number, to: number): ExportLine[] {
  const hashes = (some: readonly MadeEntry[]): string[] => some.map(({ leaf }) => base64(leafHash(leaf)));
  return [
    {
      batch: promise.batch,
      index,
      count: promise.count,
      time: promise.timeMs,
      signature: base64(signature),
      before: hashes(entries.slice(0, Math.max(0, from - index))),
      after: hashes(entries.slice(Math.max(0, to - index))),
    },
    ...entries
      .map(({ leaf, opening }, i): ExportEntry => ({ index: index + i, leaf: base64(leaf), opening }))
      .filter((entry) => entry.index >= from && entry.index < to),
  ];
}

function allTiles(size: number): { level: number; n: number; width: number }[] {
  const tiles = [];
  for (let level = 0; Math.floor(size / 256 ** level) > 0; level++) {
    const count = Math.floor(size / 256 ** level);
    for (let n = 0; n * 256 < count; n++) tiles.push({ level, n, width: Math.min(256, count - n * 256) });
  }
  return tiles;
}

function nodes(hashes: readonly Buffer[], level: number): readonly Buffer[] {
  if (level === 0) return hashes;
  const below = nodes(hashes, level - 1);
  return Array.from({ length: Math.floor(below.length / 256) }, (_, i) =>
    merkleRoot(below.slice(i * 256, (i + 1) * 256)),
  );
}
