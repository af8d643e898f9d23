import type { Pool } from 'pg';
import { type Checkpoint, leafHash, merkleRoot, NoteError, type NoteVerifier, openNote } from '@lexecon/crypto';
import { batchNote, entryFault, receiptKeyName } from './core/index.js';
import { type FullTile, GrowingTree } from './core/growing-tree.js';
import { prefixRoots, tilesForPrefix } from './core/proofs.js';
import { TILE_WIDTH, tilePath } from './core/tile-path.js';
import { Findings } from './finding.js';
import { HeadWalk } from './head.walk.js';
import { type Irregularity, LogWalk, type WalkedBatch, type WalkedEntry } from './log.walk.js';
import { shardNameOf } from './shard.js';
import { shardLinkFault } from './shard.link.js';
import { TileStore } from './tile.store.js';
import { LedgerDamaged } from './tree.state.js';

/** What is verified, and with what. */
export interface VerificationScope {
  readonly logId: number;
  readonly origin: string;
  readonly shard: string;
  /** The entries `from` up to, not including, `to`. */
  readonly from: number;
  readonly to: number;
  /** Size of the newest published head. */
  readonly published: number;
  /** Every published key. */
  readonly verifiers: readonly NoteVerifier[];
  /** What is known from outside the database: the guard's checkpoint, or one saved by an auditor. */
  readonly known: readonly Checkpoint[];
  readonly nowMs: number;
}

/** How long the event loop is kept busy at a time, in milliseconds. */
const TURN_MS = 5;
const HASH_BYTES = 32;

/** Recomputes a range of the stored log from its leaves and compares it with everything else that is stored about it. */
export class LogVerification {
  readonly findings = new Findings();
  readonly #tiles: TileStore;
  readonly #heads: HeadWalk;
  #tree = GrowingTree.empty();
  #turn = performance.now();

  constructor(
    private readonly pool: Pool,
    private readonly scope: VerificationScope,
  ) {
    const { logId, origin, shard, from, verifiers } = scope;
    this.#tiles = new TileStore(pool);
    this.#heads = new HeadWalk(pool, { logId, name: shardNameOf(origin, shard), verifiers }, from, this.findings);
  }

  /** Resolves when all is recomputed, or nothing after a damage can be. Calls `progress` with the place reached, now and then; when
   *  that answers false the run ends early. */
  async run(progress: (index: number) => Promise<boolean>): Promise<void> {
    try {
      await this.#walk(progress);
    } catch (error) {
      if (!(error instanceof LedgerDamaged)) throw error;
      this.findings.add(
        'sequence',
        `after entry ${String(this.#tree.size)}`,
        `${error.message}; nothing further can be verified`,
      );
    }
  }

  async #walk(progress: (index: number) => Promise<boolean>): Promise<void> {
    const { logId, from, to, published, known } = this.scope;
    for (const { size } of known)
      if (size > published)
        this.findings.add(
          'history',
          `size ${String(size)}`,
          `the log is shorter than what is known of it: it ends at size ${String(published)}`,
        );
    this.#tree = await this.#before(from);
    this.#compareKnown(from);
    for await (const step of new LogWalk(this.pool).steps(logId, from, to)) {
      const size = this.#tree.size;
      if ('entries' in step) await this.#batch(step);
      else await this.#irregular(step);
      this.#compareKnown(size + 1);
      await this.#heads.passes(this.#tree);
      if (performance.now() - this.#turn > TURN_MS) await this.#breathe();
      if (!(await progress(Math.min(to, this.#tree.size)))) return;
    }
  }

  /** Heads end with a batch, so a known size inside one is of another history. */
  #compareKnown(from: number): void {
    for (const { size, root } of this.scope.known)
      if (size >= from && size <= this.#tree.size && !(size === this.#tree.size && root.equals(this.#tree.root())))
        this.findings.add(
          'history',
          `size ${String(size)}`,
          `history up to size ${String(size)} differs from what is known of it`,
        );
  }

  async #before(from: number): Promise<GrowingTree> {
    const { logId } = this.scope;
    if (from === 0) return GrowingTree.empty();
    const set = await this.#tiles.load(logId, tilesForPrefix(from, from));
    const edges: Buffer[][] = [];
    for (let level = 0, count = from; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
      const width = count % TILE_WIDTH;
      const tile = { level, n: Math.floor(count / TILE_WIDTH), width };
      edges.push(width === 0 ? [] : hashesOf(await this.#tiles.tile(logId, tile)));
    }
    return GrowingTree.restore(from, Buffer.concat(prefixRoots(from, set)), edges);
  }

  async #batch(batch: WalkedBatch): Promise<void> {
    this.#checkSignature(batch);
    if (batch.index === 0) await this.#checkLink(batch.entries[0]);
    for (const [position, entry] of batch.entries.entries()) {
      this.#checkEntry(entry, batch.batch, position);
      if (performance.now() - this.#turn > TURN_MS) await this.#breathe();
    }
    // A batch may begin before the range, and end after it.
    const inside = batch.entries.filter(({ index }) => index >= this.#tree.size);
    const { tree, tiles } = this.#tree.grown(inside.map(({ leaf }) => leaf));
    this.#tree = tree;
    for (const tile of tiles) await this.#checkTile(tile);
  }

  async #checkLink(first: WalkedEntry | undefined): Promise<void> {
    const { logId, shard } = this.scope;
    const fault = await shardLinkFault(this.pool, { logId, shard }, first?.payload?.body ?? null);
    if (fault !== null) this.findings.add('shard', 'entry 0', fault);
  }

  #checkEntry({ index, leaf, payload }: WalkedEntry, batch: string, position: number): void {
    const { origin, nowMs } = this.scope;
    const place = `entry ${String(index)}`;
    const fault = entryFault({ leaf, body: payload?.body ?? null }, origin, nowMs);
    if (fault !== null) this.findings.add('entry', place, fault);
    if (payload && (payload.batch !== batch || payload.position !== position))
      this.findings.add(
        'entry',
        place,
        `the payload says it belongs to ${payload.batch}, position ${String(payload.position)}`,
      );
  }

  #checkSignature({ batch, index, timeMs, signature, entries }: WalkedBatch): void {
    const { origin, verifiers } = this.scope;
    const root = merkleRoot(entries.map(({ leaf }) => leafHash(leaf)));
    try {
      const promise = { origin, batch, count: entries.length, root, timeMs };
      openNote(batchNote(promise, receiptKeyName(origin), signature), verifiers);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      const place = `batch ${batch}, entries ${String(index)} to ${String(index + entries.length)}`;
      this.findings.add('batch', place, `the receipt key did not sign this: ${error.message}`);
    }
  }

  async #checkTile({ level, n, data }: FullTile): Promise<void> {
    const path = tilePath(level, n);
    const stored = await this.#stored({ level, n, width: TILE_WIDTH });
    if (stored === null) this.findings.add('tile', path, 'is gone');
    else if (level > 0 && !stored.equals(data)) this.findings.add('tile', path, 'is not made of the tiles below it');
    else if (level === 0)
      for (let i = 0; i < TILE_WIDTH; i++)
        if (data.compare(stored, i * HASH_BYTES, (i + 1) * HASH_BYTES, i * HASH_BYTES, (i + 1) * HASH_BYTES) !== 0)
          this.findings.add(
            'entry',
            `entry ${String(n * TILE_WIDTH + i)}`,
            `its leaf and its hash in ${path} disagree`,
          );
  }

  /** Missing entries are bridged by the hashes that a tile has of them, so that what follows can be verified. */
  async #irregular({ index, to, batch }: Irregularity): Promise<void> {
    if (batch !== null) {
      this.findings.add(
        'sequence',
        `batch ${batch}`,
        `stands where entries ${String(index)} to ${String(to)} are already`,
      );
      return;
    }
    this.findings.add('sequence', `entries ${String(index)} to ${String(to)}`, 'the batch that held them is gone');
    const hashes: Buffer[] = [];
    for (let at = index; at < to; at++) {
      const stored = await this.#stored({ level: 0, n: Math.floor(at / TILE_WIDTH), width: TILE_WIDTH });
      if (stored === null) throw new LedgerDamaged(`nothing is left of entry ${String(at)}`);
      const within = (at % TILE_WIDTH) * HASH_BYTES;
      hashes.push(stored.subarray(within, within + HASH_BYTES));
    }
    this.#tree = this.#tree.extended(hashes).tree;
  }

  async #stored(id: { readonly level: number; readonly n: number; readonly width: number }): Promise<Buffer | null> {
    try {
      return await this.#tiles.tile(this.scope.logId, id);
    } catch (error) {
      if (error instanceof LedgerDamaged) return null;
      throw error;
    }
  }

  async #breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turn = performance.now();
  }
}

const hashesOf = (tile: Buffer): Buffer[] =>
  Array.from({ length: tile.length / HASH_BYTES }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
