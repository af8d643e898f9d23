import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ExportFile, TreeFiles } from '@lexecon/ledger/core';
import type { ExportLines } from './export.lines.js';
import { bytesOfBase64 } from './shape.js';
import { Undecided } from './verdict.js';

/** Writes a whole log's export as the files of C2SP tlog-tiles, with `checkpoint` and `vkey`, for other tools. It verifies nothing.
 *  Throws Invalid for what is no export, Undecided when it is a part of the log only or the folder is not empty. */
export async function unpack(lines: ExportLines, folder: string): Promise<string> {
  const { from, to, checkpoint, keys, origin, shard } = await lines.header();
  const size = Number(checkpoint.split('\n')[1]);
  if (from !== 0 || to !== size)
    throw new Undecided(
      `only an export of the whole log can be unpacked; this one holds ${String(from)} to ${String(to)} of ${String(size)}`,
    );
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Undecided(`${folder} is not empty`);
  const tree = new TreeFiles();
  while (tree.size < to) {
    const batch = await lines.batch(tree.size);
    for (const end = batch.index + batch.count; tree.size < Math.min(end, to);) {
      const entry = await lines.entry(tree.size);
      write(folder, tree.add(bytesOfBase64(entry.leaf, `entry ${String(entry.index)}`)));
    }
  }
  await lines.end();
  const name = `${origin}/${shard}+`;
  const vkeys = keys.filter((key) => key.startsWith(name)).map((key) => `${key}\n`);
  write(folder, [...tree.end(), ['checkpoint', Buffer.from(checkpoint)], ['vkey', Buffer.from(vkeys.join(''))]]);
  return `${String(to)} entries of ${origin}/${shard} are in ${folder}; nothing was verified`;
}

function write(folder: string, files: readonly ExportFile[]): void {
  for (const [path, data] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), data);
  }
}
