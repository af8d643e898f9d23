import { EXPORT_FORMAT, type ExportBatch, type ExportEntry, type ExportHeader } from '@lexecon/ledger/core';
import { openingOf } from './receipt.js';
import { countOf, membersOf, orNull, textOf, textsOf } from './shape.js';
import { strictJson } from './strict-json.js';
import { Invalid } from './verdict.js';

/** The lines of an export, one by one, each read strictly. */
export class ExportLines {
  private readonly lines: AsyncIterator<string>;
  private count = 0;

  constructor(lines: AsyncIterable<string>) {
    this.lines = lines[Symbol.asyncIterator]();
  }

  async header(): Promise<ExportHeader> {
    const members = membersOf(strictJson(await this.next('the header')), 'the header', [
      'format',
      'origin',
      'shard',
      'from',
      'to',
      'keys',
      'checkpoint',
      'left',
      'right',
    ]);
    if (members['format'] !== EXPORT_FORMAT) throw new Invalid(`the header does not say ${EXPORT_FORMAT}`);
    return {
      format: EXPORT_FORMAT,
      origin: textOf(members['origin'], 'origin'),
      shard: textOf(members['shard'], 'shard'),
      from: countOf(members['from'], 'from'),
      to: countOf(members['to'], 'to'),
      keys: textsOf(members['keys'], 'keys'),
      checkpoint: textOf(members['checkpoint'], 'checkpoint'),
      left: textsOf(members['left'], 'left'),
      right: textsOf(members['right'], 'right'),
    };
  }

  /** `index` is the place of the next entry, for messages. */
  async batch(index: number): Promise<ExportBatch> {
    const name = `the batch of entry ${String(index)}`;
    const members = membersOf(strictJson(await this.next(name)), name, [
      'batch',
      'index',
      'count',
      'time',
      'signature',
      'before',
      'after',
    ]);
    return {
      batch: textOf(members['batch'], `${name}: batch`),
      index: countOf(members['index'], `${name}: index`),
      count: countOf(members['count'], `${name}: count`),
      time: countOf(members['time'], `${name}: time`),
      signature: textOf(members['signature'], `${name}: signature`),
      before: textsOf(members['before'], `${name}: before`),
      after: textsOf(members['after'], `${name}: after`),
    };
  }

  async entry(index: number): Promise<ExportEntry> {
    const name = `entry ${String(index)}`;
    const members = membersOf(strictJson(await this.next(name)), name, ['index', 'leaf', 'opening']);
    return {
      index: countOf(members['index'], `${name}: index`),
      leaf: textOf(members['leaf'], `${name}: leaf`),
      opening: orNull(members['opening'], (opening) => openingOf(opening, `${name}: opening`)),
    };
  }

  async end(): Promise<void> {
    const more = await this.lines.next();
    if (more.done !== true) throw new Invalid(`line ${String(this.count + 1)} stands after the last entry`);
  }

  private async next(what: string): Promise<string> {
    const line = await this.lines.next();
    if (line.done === true) throw new Invalid(`the file ends before ${what}: it was cut off`);
    this.count += 1;
    return line.value;
  }
}
