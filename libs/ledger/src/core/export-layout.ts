import { CompactRange, formatCheckpoint, leafHash, type NoteSigner } from '@lexecon/crypto';
import { TILE_HEIGHT, TILE_WIDTH, tilePath } from './tile-path.js';
import { entryBundle } from './tiles.js';

/** A file of an export: its path from the export's root, and its bytes. */
export type ExportFile = readonly [path: string, data: Buffer];

/**
 * A whole log as the files an auditor reads: tiles of hashes and bundles of entries as they fill up, then `vkey` and a
 * `checkpoint` over all `leaves`.
 */
export function* exportFiles(log: {
  readonly origin: string;
  readonly signer: Pick<NoteSigner, 'vkey' | 'sign'>;
  readonly leaves: Iterable<Buffer>;
}): Generator<ExportFile, void> {
  const tree = new TreeFiles();
  for (const leaf of log.leaves) yield* tree.add(leaf);
  yield* tree.end();
  yield ['vkey', Buffer.from(`${log.signer.vkey}\n`)];
  const head = formatCheckpoint({ origin: log.origin, size: tree.size, root: tree.root() });
  yield ['checkpoint', Buffer.from(log.signer.sign(head))];
}

/** The tiles and bundles of a log, as its entries come. Holds one unfinished tile per level in memory. */
export class TreeFiles {
  private readonly range = new CompactRange();
  private readonly entries = new Column('entries');
  private readonly levels: Column[] = [];

  get size(): number {
    return this.range.size;
  }

  root(): Buffer {
    return this.range.root();
  }

  /** The files that this entry completes. */
  add(leaf: Buffer): ExportFile[] {
    this.range.append(leafHash(leaf), (level, _index, hash) => {
      if (level % TILE_HEIGHT === 0) (this.levels[level / TILE_HEIGHT] ??= new Column(level / TILE_HEIGHT)).add(hash);
    });
    this.entries.add(leaf);
    return this.columns()
      .filter((column) => column.isFull)
      .map((column) => column.take());
  }

  /** The partial files at the right edge. */
  end(): ExportFile[] {
    return this.columns()
      .filter((column) => !column.isEmpty)
      .map((column) => column.take());
  }

  private columns(): Column[] {
    return [this.entries, ...this.levels];
  }
}

/** The tiles of one level, or the bundles of entries, one after the other. */
class Column {
  private n = 0;
  private parts: Buffer[] = [];

  constructor(private readonly level: number | 'entries') {}

  add(part: Buffer): void {
    this.parts.push(part);
  }

  get isFull(): boolean {
    return this.parts.length === TILE_WIDTH;
  }

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  take(): ExportFile {
    const data = Buffer.concat(this.parts);
    const path = tilePath(this.level, this.n, this.parts.length);
    this.n += 1;
    this.parts = [];
    return [path, this.level === 'entries' ? entryBundle(data) : data];
  }
}
