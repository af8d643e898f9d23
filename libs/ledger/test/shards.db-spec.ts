import { leafHash, noteVerifier, openNote, parseCheckpoint, verifyInclusion } from '@lexecon/crypto';
import { decodeBody, decodeLeaf, type Receipt, uuidOf } from '../src/core/index.js';
import { LogWalk } from '../src/log.walk.js';
import { TestLog } from './log.js';

describe('the turn of the half-year', () => {
  let log: TestLog;
  let receipt: Receipt;

  beforeAll(async () => {
    log = await TestLog.create();
    let now = new Date('2026-12-31T23:59:59Z');
    const before = log.sequencer(() => now);
    before.start();
    await log.fill(40, 20);
    await log.published(42);
    await before.stop();
    // Acknowledged in the old half-year, and not yet sequenced when the new one begins.
    [receipt] = (await log.append('late')) as readonly [Receipt];
    now = new Date('2027-01-01T00:00:01Z');
    const after = log.sequencer(() => now);
    after.start();
    await log.readers().proofs.awaitProof(receipt.entry, 10_000);
    await log.fill(10, 5);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await after.stop();
  }, 40_000);
  afterAll(async () => {
    await log.close();
  });

  const entryAt = async (shard: string, index: number): Promise<{ kind: string; facts: Record<string, unknown> }> => {
    const { logId, size } = await log.readers().heads.newest(shard);
    for await (const batch of new LogWalk(log.pool).batches(logId, index, Math.min(size, index + 1)))
      for (const entry of batch.entries)
        if (entry.index === index)
          return {
            kind: decodeLeaf(entry.leaf).kind,
            facts: JSON.parse(decodeBody(entry.payload?.body ?? Buffer.alloc(0)).publicJson) as Record<string, unknown>,
          };
    throw new Error('no such entry');
  };

  it('ends one shard with a closing entry under its last checkpoint', async () => {
    const head = await log.readers().heads.newest('2026h2');
    expect(await entryAt('2026h2', head.size - 1)).toEqual({
      kind: 'shard-close',
      facts: { shard: '2026h2', size: head.size },
    });
    const { rows } = await log.pool.query<{ closed_size: string }>(
      "SELECT closed_size FROM ledger.shard WHERE name = '2026h2'",
    );
    expect(Number(rows[0]?.closed_size)).toBe(head.size);
  });

  it('begins the next with an entry that commits to that checkpoint', async () => {
    const last = await log.readers().heads.newest('2026h2');
    const previous = { shard: '2026h2', size: last.size, root: last.root.toString('base64') };
    expect(await entryAt('2027h1', 0)).toEqual({ kind: 'shard-open', facts: { shard: '2027h1', previous } });
  });

  it('publishes the checkpoint key of the new shard, and retires that of the old one', async () => {
    const { rows } = await log.pool.query<{ name: string; retired: boolean }>(
      'SELECT name, retired_at IS NOT NULL AS retired FROM ledger.signing_key ORDER BY name',
    );
    expect(rows).toEqual([
      { name: 'log.test/2026h2', retired: true },
      { name: 'log.test/2027h1', retired: false },
    ]);
  });

  it('proves an entry of the old half-year in the next shard when it was sequenced there', async () => {
    const { proofs, heads } = log.readers();
    const proof = await proofs.entryProof(receipt.entry);
    expect(proof?.shard).toBe('2027h1');
    const text = openNote(proof?.checkpoint ?? '', [noteVerifier(log.keys.logSigner('2027h1').vkey)]).text;
    const { root, size } = parseCheckpoint(text);
    const path = (proof?.path ?? []).map((hash) => Buffer.from(hash, 'base64'));
    const leaf = Buffer.from(receipt.leaf, 'base64');
    expect(uuidOf(decodeLeaf(leaf).entryId)).toBe(receipt.entry);
    expect(verifyInclusion({ leafHash: leafHash(leaf), index: proof?.index ?? -1, size, path, root })).toBe(true);
    expect((await heads.newest()).shard).toBe('2027h1');
  });

  it('leaves both shards sound', async () => {
    expect(await log.verified('2026h2')).toEqual([]);
    expect(await log.verified('2027h1')).toEqual([]);
  });
});
