import fc from 'fast-check';
import { generateSignerKey, noteSigner, noteVerifier } from '@lexecon/crypto';
import { base64, type ExportLine, MadeLog, NOW, textOf } from '../test/made-log.js';
import { verifyExport } from './export.js';
import { ExportLines } from './export.lines.js';
import { Invalid, Undecided } from './verdict.js';

const log = new MadeLog().fill(23, 5);
const YEAR_MS = 366 * 86_400_000;

interface Given {
  readonly keys?: readonly string[];
  readonly saved?: string;
  readonly nowMs?: number;
}

async function* splitOf(text: string): AsyncGenerator<string, void> {
  yield* text.split('\n').slice(0, -1);
}

const verifyText = (text: string, { keys = log.keys, nowMs = NOW, ...given }: Given = {}): Promise<string> =>
  verifyExport(new ExportLines(splitOf(text)), { verifiers: keys.map(noteVerifier), nowMs, ...given });

const verify = (lines: readonly ExportLine[], given?: Given): Promise<string> => verifyText(textOf(lines), given);

/** The lines with one of them changed. */
const changed = (lines: readonly ExportLine[], at: number, change: object): ExportLine[] =>
  lines.map((line, i) => (i === at ? { ...line, ...change } : line));

describe('verifying an export', () => {
  it('accepts the whole log', async () => {
    expect(await verify(log.export())).toBe(
      'entries 0 to 23 of ledger.example.eu/2026h2 in 5 batches, under its checkpoint of size 23; no saved checkpoint was given',
    );
  });

  it('accepts every part of the log', async () => {
    for (let from = 0; from < 23; from++)
      for (let to = from + 1; to <= 23; to++) expect(await verify(log.export({ from, to }))).toMatch(/^entries/);
  });

  it('accepts a saved checkpoint that the log passed through', async () => {
    for (const size of [1, 7, 22, 23])
      expect(await verify(log.export(), { saved: log.checkpoint(size) })).toContain(
        `size ${String(size)} is its beginning`,
      );
    expect(await verify(log.export({ from: 5, to: 9 }), { saved: log.checkpoint(5) })).toContain('is its beginning');
    expect(await verify(log.export({ from: 5, to: 9 }), { saved: log.checkpoint(23) })).toContain('is its beginning');
  });

  it('says that a part does not reach a saved checkpoint', async () => {
    await expect(verify(log.export({ from: 5, to: 9 }), { saved: log.checkpoint(4) })).rejects.toThrow(Undecided);
    await expect(verify(log.export({ from: 5, to: 9 }), { saved: log.checkpoint(10) })).rejects.toThrow(Undecided);
  });

  it('refuses a log that was rewritten with the real keys, but only by a saved checkpoint', async () => {
    const rewritten = rewrittenWithTheSameKeys();
    expect(await verify(rewritten.export())).toMatch(/^entries 0 to 23/);
    await expect(verify(rewritten.export(), { saved: log.checkpoint(7) })).rejects.toThrow(
      'history up to size 7 differs from the saved checkpoint',
    );
    await expect(verify(rewritten.export({ from: 20 }), { saved: log.checkpoint(23) })).rejects.toThrow(
      'history up to size 23 differs',
    );
  });

  it('refuses a log that was cut back, but only by a saved checkpoint', async () => {
    const cut = log.export({ to: 15, size: 15 });
    expect(await verify(cut)).toMatch(/^entries 0 to 15/);
    await expect(verify(cut, { saved: log.checkpoint() })).rejects.toThrow(
      'the log has 15 entries, fewer than the 23 of the saved checkpoint',
    );
  });

  it('names the entry whose payload was changed', async () => {
    const lines = log.export();
    const at = lines.findIndex((line) => 'leaf' in line && line.index === 11);
    const entry = lines[at] as ExportLine & { opening: { public: object } };
    const forged = changed(lines, at, { opening: { ...entry.opening, public: { text: 'another' } } });
    await expect(verify(forged)).rejects.toThrow('entry 11: the opening does not match the leaf');
  });

  it('names the batch whose signature is not by the receipt key', async () => {
    const lines = log.export();
    const at = lines.findIndex((line) => 'signature' in line && line.index === 10);
    const forged = changed(lines, at, { signature: base64(Buffer.alloc(68)) });
    await expect(verify(forged)).rejects.toThrow(
      /batch 0199f0c4-2222-7000-8000-000000000002 \(entries 10 to 15\): the log's receipt key did not sign/,
    );
  });

  it('refuses a batch of another receipt key, as whoever can write to the database could add it', async () => {
    const stranger = new MadeLog().fill(23, 5);
    const forged = stranger.export();
    const header = {
      ...log.export()[0],
      checkpoint: log.heads.sign(stranger.checkpoint().split('\n\n')[0]?.concat('\n') ?? ''),
    };
    await expect(verify([header as ExportLine, ...forged.slice(1)])).rejects.toThrow(
      "the log's receipt key did not sign these entries",
    );
  });

  it('refuses a payload that is missing before its time, and accepts it afterwards', async () => {
    const lines = log.export();
    const at = lines.findIndex((line) => 'leaf' in line && line.index === 3);
    const forged = changed(lines, at, { opening: null });
    await expect(verify(forged)).rejects.toThrow('entry 3: its payload is missing, though it must still be kept');
    expect(await verify(forged, { nowMs: NOW + 2 * YEAR_MS })).toContain('1 payloads are no longer kept');
  });

  it.each<[string, (lines: ExportLine[]) => ExportLine[], string]>([
    ['an entry left out', (lines) => lines.toSpliced(4, 1), 'stands in its place'],
    ['an entry twice', (lines) => lines.toSpliced(4, 0, lines[4] as ExportLine), 'stands in its place'],
    ['two entries swapped', (lines) => swapped(lines, 3, 4), 'stands in its place'],
    [
      'two entries swapped and renumbered',
      (lines) => renumbered(swapped(lines, 3, 4)),
      "the log's receipt key did not sign",
    ],
    [
      'two batches swapped',
      (lines) => [...lines.slice(0, 1), ...lines.slice(7, 13), ...lines.slice(1, 7), ...lines.slice(13)],
      'does not hold entry 0',
    ],
    ['a batch left out', (lines) => lines.toSpliced(7, 6), 'does not hold entry 5'],
    ['its end cut off', (lines) => lines.slice(0, -1), 'the file ends before entry 22: it was cut off'],
    ['nothing but the header', (lines) => lines.slice(0, 1), 'the file ends before the batch of entry 0'],
    ['something after its end', (lines) => [...lines, lines.at(-1) as ExportLine], 'stands after the last entry'],
    ['a member more in an entry', (lines) => changed(lines, 4, { note: 1 }), 'a member "note"'],
    ['a member more in a batch', (lines) => changed(lines, 1, { note: 1 }), 'a member "note"'],
    ['a member more in the header', (lines) => changed(lines, 0, { note: 1 }), 'a member "note"'],
    ['another format', (lines) => changed(lines, 0, { format: 'lexecon-export/2' }), 'lexecon-export/1'],
    ['another origin', (lines) => changed(lines, 0, { origin: 'other' }), 'the checkpoint is of'],
    ['another shard', (lines) => changed(lines, 0, { shard: '2027h1' }), 'the checkpoint is of'],
    ['a larger range than its log', (lines) => changed(lines, 0, { to: 24 }), 'are no part of a log of 23'],
    ['no range', (lines) => changed(lines, 0, { from: 23 }), 'are no part of a log'],
    [
      'a checkpoint of a smaller log',
      (lines) => changed(lines, 0, { checkpoint: log.checkpoint(22) }),
      'are no part of a log of 22',
    ],
    [
      'left edges where there is nothing before',
      (lines) => changed(lines, 0, { left: [base64(Buffer.alloc(32))] }),
      'left',
    ],
    ['another time of a batch', (lines) => changed(lines, 1, { time: 1 }), "the log's receipt key did not sign"],
    ['another id of a batch', (lines) => changed(lines, 1, { batch: 'x' }), "the log's receipt key did not sign"],
    [
      'an empty batch',
      (lines) => [lines[0] as ExportLine, { ...(lines[1] as object), count: 0 } as ExportLine, ...lines.slice(1)],
      'does not hold entry 0',
    ],
  ])('refuses an export with %s', async (_name, forge, message) => {
    const attempt = verify(forge(log.export()));
    await expect(attempt).rejects.toThrow(Invalid);
    await expect(attempt).rejects.toThrow(message);
  });

  it('refuses a part whose edges are of another log', async () => {
    const lines = log.export({ from: 7, to: 12 });
    const { left, right } = lines[0] as { left: readonly string[]; right: readonly string[] } & ExportLine;
    await expect(verify(changed(lines, 0, { left: [right[0], ...left.slice(1)] }))).rejects.toThrow(
      'do not lead to the root',
    );
    await expect(verify(changed(lines, 0, { right: right.slice(1) }))).rejects.toThrow('do not lead to the root');
    await expect(verify(changed(lines, 1, { before: [] }))).rejects.toThrow('"before" is not complete');
    await expect(verify(changed(lines, 1, { index: 4, count: 6 }))).rejects.toThrow('"before" is not complete');
  });

  it('refuses a checkpoint of another key, and asks for keys that were not given', async () => {
    const stranger = noteSigner(generateSignerKey(log.heads.name, Buffer.alloc(32, 1))).vkey;
    await expect(verify(log.export(), { keys: [log.receipts.vkey, stranger] })).rejects.toThrow(
      'the checkpoint: no known key signed',
    );
    await expect(verify(log.export(), { keys: [log.receipts.vkey] })).rejects.toThrow(Undecided);
    await expect(verify(log.export(), { keys: [log.heads.vkey] })).rejects.toThrow(Undecided);
  });

  it('refuses every single altered character', async () => {
    const text = textOf(log.export({ from: 3, to: 9 }));
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom(...'0Az/=" {}[],:~'), async (at, character) => {
        const altered = text.slice(0, at) + character + text.slice(at + 1);
        if (altered === text || isKeyHint(text, at)) return;
        await expect(verifyText(altered)).rejects.toThrow();
      }),
      { numRuns: 1_500 },
    );
  });
});

function rewrittenWithTheSameKeys(): MadeLog {
  const other = new MadeLog();
  Object.assign(other, { receipts: log.receipts, heads: log.heads });
  return other.fill(22, 5).fill(1, 1);
}

function swapped(lines: readonly ExportLine[], a: number, b: number): ExportLine[] {
  return lines.map((line, i) => (i === a ? lines[b] : i === b ? lines[a] : line) as ExportLine);
}

function renumbered(lines: readonly ExportLine[]): ExportLine[] {
  let index = 0;
  return lines.map((line) => ('leaf' in line ? { ...line, index: index++ } : line));
}

/** The keys in the header are not believed, so whatever stands there is not refused. */
function isKeyHint(text: string, at: number): boolean {
  const start = text.indexOf('"keys":[') + 8;
  return at >= start && at < text.indexOf(']', start);
}
