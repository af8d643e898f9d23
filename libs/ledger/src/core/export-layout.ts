import { CompactRange, formatCheckpoint, leafHash, type NoteSigner } from '@lexecon/crypto';
import { TILE_HEIGHT, TILE_WIDTH, tilePath } from './tile-path.js';
import { entryBundle } from './tiles.js';

/** A file of an export: its path from the export's root, and its bytes. */
export type ExportFile = readonly [path: string, data: Buffer];

/**
 * A whole log as the files an auditor reads: tiles of hashes and bundles of entries as they fill up, then `vkey` and a
 * `checkpoint` over all `leaves`. Holds one unfinished tile per level in memory.
 */
export function* exportFiles(log: {
  readonly origin: string;
  readonly signer: Pick<NoteSigner, 'vkey' | 'sign'>;
  readonly leaves: Iterable<Buffer>;
}): Generator<ExportFile, void> {
  const range = yield* treeFiles(log.leaves);
  yield ['vkey', Buffer.from(`${log.signer.vkey}\n`)];
  const head = formatCheckpoint({ origin: log.origin, size: range.size, root: range.root() });
  yield ['checkpoint', Buffer.from(log.signer.sign(head))];
}

/** The tiles and bundles alone; returns the tree they are of. */
export function* treeFiles(leaves: Iterable<Buffer>): Generator<ExportFile, CompactRange> {
  const range = new CompactRange();
  const entries = new Column('entries');
  const levels: Column[] = [];
  for (const leaf of leaves) {
    range.append(leafHash(leaf), (level, _index, hash) => {
      if (level % TILE_HEIGHT === 0) (levels[level / TILE_HEIGHT] ??= new Column(level / TILE_HEIGHT)).add(hash);
    });
    entries.add(leaf);
    for (const column of [entries, ...levels]) if (column.isFull) yield column.take();
  }
  for (const column of [entries, ...levels]) if (!column.isEmpty) yield column.take();
  return range;
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
