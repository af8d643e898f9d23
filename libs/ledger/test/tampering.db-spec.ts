import { randomInt } from 'node:crypto';
import { signedBatch } from '../src/batch.js';
import { TestLog } from './log.js';
import { Tampering } from './tampering.js';

type Change = (tampering: Tampering) => Promise<unknown>;

/** Columns of which any flipped bit must be found. */
const columns: readonly (readonly [table: string, column: string, where: string, bits: string])[] = [
  [
    'payload',
    'body',
    'entry_id = (SELECT entry_id FROM ledger.payload WHERE part = 0 AND class = 3 ORDER BY entry_id OFFSET 100 LIMIT 1)',
    'body',
  ],
  [
    'batch',
    'leaves',
    'batch_id = (SELECT batch_id FROM ledger.seq WHERE base_idx > 50 ORDER BY base_idx LIMIT 1)',
    'leaves',
  ],
  [
    'batch',
    'signature',
    'batch_id = (SELECT batch_id FROM ledger.seq WHERE base_idx > 50 ORDER BY base_idx LIMIT 1)',
    'signature',
  ],
  ['tile', 'data', 'level = 0 AND n = 1', 'data'],
  ['tile', 'data', 'level = 0 AND n = 0', 'data'],
  ['tree_head', 'root', 'size = (SELECT min(size) FROM ledger.tree_head WHERE size > 100)', 'root'],
  ['tree_head', 'compact', 'size = (SELECT min(size) FROM ledger.tree_head WHERE size > 100)', 'compact'],
  ['head_sig', 'signature', 'size = (SELECT min(size) FROM ledger.head_sig WHERE size > 100)', 'signature'],
];

describe('a superuser who changes the stored log', () => {
  let log: TestLog;
  /** Checkpoints that an auditor took home, older and newest. */
  let saved: readonly string[];
  let sizes: readonly number[];
  let entries: readonly { readonly batch: string; readonly base: number; readonly n: number }[];

  beforeAll(async () => {
    log = await TestLog.create();
    const sequencer = log.sequencer();
    sequencer.start();
    const notes: string[] = [];
    for (let round = 1; round <= 4; round++) {
      await log.fill(150, 40);
      await log.published(2 + 150 * round);
      notes.push((await log.readers().heads.newest()).checkpoint);
    }
    await sequencer.stop();
    saved = notes;
    sizes = notes.map((note) => Number(note.split('\n')[1]));
    const { rows } = await log.pool.query<{ batch: string; base: number; n: number }>(
      'SELECT batch_id AS batch, base_idx::int AS base, n FROM ledger.seq WHERE batch_id IS NOT NULL ORDER BY base_idx',
    );
    entries = rows;
  }, 60_000);
  afterAll(async () => {
    await log.close();
  });

  const found = async (change: Change, checkpoints = saved): Promise<readonly string[]> =>
    (await Tampering.findings(log, change, checkpoints)).map(
      ({ kind, place, detail }) => `${kind}: ${place}: ${detail}`,
    );
  const lengthOf = async (table: string, column: string, where: string): Promise<number> => {
    const { rows } = await log.pool.query<{ n: number }>(
      `SELECT octet_length(${column}) AS n FROM ledger.${table} WHERE ${where}`,
    );
    return rows[0]?.n ?? 0;
  };
  const batchAt = (index: number): (typeof entries)[number] => {
    const batch = entries.find(({ base, n }) => base <= index && index < base + n);
    if (!batch) throw new Error('no such batch');
    return batch;
  };

  it('is not suspected while nothing was changed', async () => {
    expect(await found(() => Promise.resolve())).toEqual([]);
  });

  it.each(columns)(
    'is found out by any flipped bit of %s.%s',
    async (table, column, where) => {
      const bits = 8 * (await lengthOf(table, column, where));
      expect(bits).toBeGreaterThan(100);
      const unseen: number[] = [];
      for (let i = 0; i < 25; i++) {
        const bit = randomInt(bits);
        if ((await found((tampering) => tampering.flip(table, column, where, bit))).length === 0) unseen.push(bit);
      }
      expect(unseen).toEqual([]);
    },
    120_000,
  );

  it('is located by the entry whose payload was changed', async () => {
    const index = 120;
    const id = await entryIdAt(log, index);
    expect(
      await found((tampering) => tampering.flip('payload', 'body', `entry_id = '${id}' AND part = 0`, 70)),
    ).toEqual([`entry: entry ${String(index)}: the payload is not what the leaf commits to`]);
  });

  it('is located by the entry whose leaf was changed, where payload, leaf and tile disagree', async () => {
    const { batch, base } = batchAt(120);
    const findings = await found((tampering) =>
      tampering.flip('batch', 'leaves', `batch_id = '${batch}'`, 8 * (98 * (120 - base) + 70)),
    );
    expect(findings).toEqual(
      expect.arrayContaining([
        'entry: entry 120: the payload is not what the leaf commits to',
        'entry: entry 120: its leaf and its hash in tile/0/000 disagree',
        expect.stringContaining(`batch: batch ${batch}, entries ${String(base)} to`),
        expect.stringMatching(/^head: head of size \d+: its root is not that of the entries/),
        expect.stringMatching(/^history: size \d+: history up to size \d+ differs/),
      ]),
    );
    expect(findings.filter((finding) => finding.startsWith('entry: ') && !finding.includes('entry 120'))).toEqual([]);
  });

  it('is located by the tile that was changed', async () => {
    expect(await found((tampering) => tampering.flip('tile', 'data', 'level = 0 AND n = 1', 8 * 32 * 10))).toEqual([
      'entry: entry 266: its leaf and its hash in tile/0/001 disagree',
    ]);
  });

  it('is located by the checkpoint that was changed', async () => {
    const size = sizes[1] ?? 0;
    expect(await found((tampering) => tampering.flip('head_sig', 'signature', `size = ${String(size)}`, 100))).toEqual([
      expect.stringContaining(`signature: checkpoint of size ${String(size)}: bad signature`),
    ]);
    expect(await found((tampering) => tampering.flip('tree_head', 'compact', `size = ${String(size)}`, 100))).toEqual([
      `head: head of size ${String(size)}: its compact range is not that of the entries`,
    ]);
  });

  it('is found out by a payload that is deleted', async () => {
    const id = await entryIdAt(log, 77);
    expect(await found((tampering) => tampering.sql('DELETE FROM ledger.payload WHERE entry_id = $1', [id]))).toEqual([
      'entry: entry 77: the payload is missing, though it must still be kept',
    ]);
  });

  it('is found out by a batch that is deleted, with or without its place', async () => {
    const { batch, base, n } = batchAt(150);
    const range = `sequence: entries ${String(base)} to ${String(base + n)}: the batch that held them is gone`;
    expect(await found((tampering) => tampering.sql('DELETE FROM ledger.batch WHERE batch_id = $1', [batch]))).toEqual([
      range,
    ]);
    expect(await found((tampering) => tampering.sql('DELETE FROM ledger.seq WHERE batch_id = $1', [batch]))).toEqual([
      range,
    ]);
  });

  it('is found out by a batch that is deleted at the right edge, where no tile remembers it', async () => {
    const last = entries.at(-1);
    const findings = await found((tampering) =>
      tampering.sql('DELETE FROM ledger.batch WHERE batch_id = $1', [last?.batch]),
    );
    expect(findings[0]).toBe(
      `sequence: entries ${String(last?.base)} to ${String((last?.base ?? 0) + (last?.n ?? 0))}: the batch that held them is gone`,
    );
    expect(findings[1]).toContain('nothing further can be verified');
  });

  it('is found out by a tile that is deleted', async () => {
    expect(await found((tampering) => tampering.sql('DELETE FROM ledger.tile WHERE level = 0 AND n = 1'))).toEqual([
      'tile: tile/0/001: is gone',
    ]);
  });

  it('is found out by a head that is deleted', async () => {
    const { rows } = await log.pool.query<{ size: string }>(
      'SELECT size FROM ledger.tree_head WHERE size > 100 ORDER BY size LIMIT 1',
    );
    const findings = await found(async (tampering) => {
      await tampering.sql('DELETE FROM ledger.head_sig WHERE size = $1', [rows[0]?.size]);
      await tampering.sql('DELETE FROM ledger.tree_head WHERE size = $1', [rows[0]?.size]);
    });
    expect(findings).toEqual([expect.stringContaining('heads are missing')]);
  });

  it('is found out by two payloads that are swapped', async () => {
    const [a, b] = [await entryIdAt(log, 60), await entryIdAt(log, 61)];
    const findings = await found((tampering) =>
      tampering.sql(
        `UPDATE ledger.payload p SET body = q.body FROM ledger.payload q
         WHERE p.part = 0 AND q.part = 0 AND (p.entry_id, q.entry_id) IN (($1, $2), ($2, $1))`,
        [a, b],
      ),
    );
    expect(findings).toEqual([
      'entry: entry 60: the payload is not what the leaf commits to',
      'entry: entry 61: the payload is not what the leaf commits to',
    ]);
  });

  it('is found out by two batches that are swapped in the order', async () => {
    const same = entries.filter(
      ({ base, n }) => base > 10 && base + n < 250 && entries.some((other) => other.n === n && other.base > base),
    );
    const first = same[0];
    const second = entries.find(({ base, n }) => n === first?.n && base > first.base);
    const findings = await found(async (tampering) => {
      await tampering.client.query('ALTER TABLE ledger.seq DROP CONSTRAINT seq_batch_id_key');
      await tampering.sql(
        'UPDATE ledger.seq SET batch_id = CASE batch_id WHEN $1 THEN $2::uuid ELSE $1 END WHERE batch_id IN ($1, $2)',
        [first?.batch, second?.batch],
      );
    });
    expect(findings).toContain(`entry: entry ${String(first?.base)}: its leaf and its hash in tile/0/000 disagree`);
    expect(findings).toEqual(expect.arrayContaining([expect.stringMatching(/^history: /)]));
  });

  it('is found out by two entries that are swapped inside a batch', async () => {
    const batch = entries.find(({ n, base }) => n > 1 && base > 3);
    const findings = await found((tampering) =>
      tampering.sql(
        `UPDATE ledger.batch SET leaves = overlay(overlay(leaves PLACING substr(leaves, 99, 98) FROM 1) PLACING substr(leaves, 1, 98) FROM 99)
         WHERE batch_id = $1`,
        [batch?.batch],
      ),
    );
    expect(findings).toEqual(expect.arrayContaining([expect.stringContaining('the payload says it belongs to')]));
    expect(findings).toEqual(expect.arrayContaining([expect.stringContaining('the receipt key did not sign this')]));
  });

  it('is found out by an entry that nobody with the receipt key made', async () => {
    const size = sizes.at(-1) ?? 0;
    const leaf = Buffer.concat([Buffer.from('LXL1'), Buffer.alloc(94)]);
    const forged = signedBatch(
      '0199f0c4-0000-7000-8000-000000000001',
      1,
      [leaf],
      'log.test',
      log.keys.logSigner('other'),
    );
    const findings = await found(async (tampering) => {
      await tampering.sql(
        'INSERT INTO ledger.batch (batch_id, arrival, n, signed_at, signature, leaves) VALUES ($1, 999999, 1, 1, $2, $3)',
        [forged.promise.batch, forged.signature, leaf],
      );
      await tampering.sql('INSERT INTO ledger.seq (log_id, base_idx, n, follows, batch_id) VALUES (1, $1, 1, $1, $2)', [
        size,
        forged.promise.batch,
      ]);
      await tampering.sql('INSERT INTO ledger.tree_head VALUES (1, $1, $2, $3, $4, 0)', [
        size + 1,
        size,
        Buffer.alloc(32),
        Buffer.alloc(32),
      ]);
      await tampering.sql('INSERT INTO ledger.head_sig VALUES (1, $1, $2, $3)', [
        size + 1,
        log.keys.logSigner('x').name,
        Buffer.alloc(68),
      ]);
    });
    expect(findings).toEqual(expect.arrayContaining([expect.stringContaining(`batch: batch ${forged.promise.batch}`)]));
    expect(findings).toEqual(
      expect.arrayContaining([expect.stringContaining(`head: head of size ${String(size + 1)}`)]),
    );
  });

  it('is found out by a table that is emptied', async () => {
    for (const table of ['batch', 'seq', 'tile', 'payload', 'tree_head'])
      expect(
        (
          await found((tampering) => tampering.sql(`DELETE FROM ledger.${table}`)).catch((error: unknown) => [
            String(error),
          ])
        ).length,
      ).toBeGreaterThan(0);
  });

  describe('and leaves nothing behind that contradicts itself', () => {
    it('by restoring an old copy: a saved checkpoint tells that the log is shorter', async () => {
      const restore: Change = (tampering) => tampering.cutBackTo(sizes[2] ?? 0);
      expect(await found(restore)).toEqual([
        `history: size ${String(sizes[3])}: the log is shorter than what is known of it: it ends at size ${String(sizes[2])}`,
      ]);
    });

    it('by rewriting an entry and all that follows with the real keys: a saved checkpoint tells up to where', async () => {
      const rewrite: Change = (tampering) => tampering.rewrite(200, 'another');
      const wrong = sizes.filter((size) => size > 200);
      expect(await found(rewrite)).toEqual(
        wrong.map(
          (size) =>
            `history: size ${String(size)}: history up to size ${String(size)} differs from what is known of it`,
        ),
      );
    });

    it('and nobody can tell without a checkpoint from outside: neither the old copy nor the rewriting', async () => {
      expect(await found((tampering) => tampering.cutBackTo(sizes[2] ?? 0), [])).toEqual([]);
      expect(await found((tampering) => tampering.rewrite(200, 'another'), [])).toEqual([]);
      expect(await found((tampering) => tampering.rewrite(200, 'another'), saved.slice(0, 1))).toEqual([]);
    });
  });
});

async function entryIdAt(log: TestLog, index: number): Promise<string> {
  const { tiles, heads } = log.readers();
  const leaf = await tiles.leaves((await heads.newest()).logId, index, index + 1);
  const hex = leaf.toString('hex', 14, 30);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
