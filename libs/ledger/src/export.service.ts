import type { Pool } from 'pg';
import { unprocessable } from '@lexecon/auth';
import { leafHash } from '@lexecon/crypto';
import {
  decodeBody,
  EXPORT_FORMAT,
  type ExportBatch,
  type ExportEntry,
  type ExportHeader,
  LEAF_BYTES,
  type Opening,
} from './core/index.js';
import { prefixRoots, tilesForPrefix } from './core/proofs.js';
import type { Head, HeadReader } from './head.reader.js';
import type { KeyRegistry } from './key.registry.js';
import { LogWalk, type WalkedBatch, type WalkedEntry } from './log.walk.js';
import type { ProofService } from './proof.service.js';
import type { TileStore } from './tile.store.js';

/** The entries `from` up to, not including, `to`, under a published head. */
export interface ExportRange {
  readonly head: Head;
  readonly from: number;
  readonly to: number;
}

/** Writes one self-contained file from which an auditor recomputes the log; docs/api/export.md. */
export class ExportService {
  constructor(
    private readonly pool: Pool,
    private readonly origin: string,
    private readonly heads: HeadReader,
    private readonly tiles: TileStore,
    private readonly proofs: ProofService,
    private readonly keys: KeyRegistry,
  ) {}

  /** What `from` and `to` name: places in the log, or RFC 3339 moments. A moment stands for the batches made from it on, or before it.
   *  Throws ProblemError 404 for an unknown shard, 422 for a range that holds nothing or is not published yet. */
  async range(shard?: string, from?: string, to?: string): Promise<ExportRange> {
    const head = await this.heads.newest(shard);
    const range = { head, from: await this.#start(head, from), to: await this.#end(head, to) };
    if (range.to > head.size)
      throw unprocessable([
        { pointer: '/to', detail: `must be at most ${String(head.size)}, the newest published size` },
      ]);
    if (range.from >= range.to)
      throw unprocessable([{ pointer: '/from', detail: 'nothing was recorded in this range' }]);
    return range;
  }

  /** The lines of the file, several at a time. Reads on only as fast as it is asked. */
  async *lines({ head, from, to }: ExportRange): AsyncGenerator<string, void> {
    yield lineOf(await this.#header({ head, from, to }));
    for await (const batch of new LogWalk(this.pool).batches(head.logId, from, to)) yield textOf(batch, from, to);
  }

  async #header({ head, from, to }: ExportRange): Promise<ExportHeader> {
    const left = prefixRoots(from, await this.tiles.load(head.logId, tilesForPrefix(from, head.size)));
    const { path } = await this.proofs.consistency(head, to);
    return {
      format: EXPORT_FORMAT,
      origin: this.origin,
      shard: head.shard,
      from,
      to,
      keys: (await this.keys.keys()).map(({ vkey }) => vkey),
      checkpoint: head.checkpoint,
      left: left.map(base64),
      right: path.map(base64),
    };
  }

  async #start({ logId, size }: Head, from = '0'): Promise<number> {
    if (isPlace(from)) return Number(from);
    const { rows } = await this.pool.query<{ index: string | null }>(
      `SELECT min(s.base_idx) AS index FROM ledger.seq s JOIN ledger.batch b USING (batch_id)
       WHERE s.log_id = $1 AND b.batch_id >= $2`,
      [logId, firstIdOf(from)],
    );
    return Number(rows[0]?.index ?? size);
  }

  async #end({ logId, size }: Head, to = String(size)): Promise<number> {
    if (isPlace(to)) return Number(to);
    const { rows } = await this.pool.query<{ index: string | null }>(
      `SELECT max(s.next_idx) AS index FROM ledger.seq s JOIN ledger.batch b USING (batch_id)
       WHERE s.log_id = $1 AND b.batch_id < $2`,
      [logId, firstIdOf(to)],
    );
    return Math.min(size, Number(rows[0]?.index ?? 0));
  }
}

/** The smallest batch id that can be made at an RFC 3339 moment. */
function firstIdOf(moment: string): Buffer {
  const id = Buffer.alloc(16);
  id.writeUIntBE(Math.max(0, Date.parse(moment)), 0, 6);
  return id;
}

const isPlace = (text: string): boolean => /^\d+$/.test(text);

const base64 = (bytes: Buffer): string => bytes.toString('base64');

const lineOf = (line: ExportHeader | ExportBatch | ExportEntry): string => `${JSON.stringify(line)}\n`;

function textOf(batch: WalkedBatch, from: number, to: number): string {
  const hashes = (entries: readonly WalkedEntry[]): string[] => entries.map(({ leaf }) => base64(leafHash(leaf)));
  const { entries, index } = batch;
  const line: ExportBatch = {
    batch: batch.batch,
    index,
    count: entries.length,
    time: batch.timeMs,
    signature: base64(batch.signature),
    before: hashes(entries.slice(0, Math.max(0, from - index))),
    after: hashes(entries.slice(Math.max(0, to - index))),
  };
  const inside = entries.filter((entry) => entry.index >= from && entry.index < to);
  return lineOf(line) + inside.map((entry) => lineOf(entryOf(entry))).join('');
}

const entryOf = ({ index, leaf, payload }: WalkedEntry): ExportEntry => ({
  index,
  leaf: base64(leaf.subarray(0, LEAF_BYTES)),
  opening: payload?.body ? openingOf(payload.body, leaf) : null,
});

/** Null when the payload is not what the ledger writes: then nobody can open the leaf with it. */
function openingOf(bytes: Buffer, leaf: Buffer): Opening | null {
  try {
    const { publicJson, seed, commitments } = decodeBody(bytes);
    const fields = JSON.parse(publicJson) as Opening['public'];
    return {
      schema: leaf.readUInt16BE(LEAF_BYTES - 2),
      seed: base64(seed),
      public: fields,
      commitments: commitments.slice(Object.keys(fields).length).map(base64),
    };
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}
