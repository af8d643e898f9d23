import { noteVerifier, openNote } from '@lexecon/crypto';
import { decodeBody, decodeLeaf, openReceipt, type Receipt } from '../src/core/index.js';
import { KeyRegistry, recordKeyUse } from '../src/key.registry.js';
import { LedgerService } from '../src/ledger.service.js';
import { LogWalk } from '../src/log.walk.js';
import { Publisher } from '../src/publisher.js';
import { Sequencer } from '../src/sequencer.task.js';
import type { SigningKeys } from '../src/signing-keys.js';
import { FRESH, NoteKind, noteOf, TestLog } from './log.js';

describe('rotation of both keys', () => {
  let log: TestLog;
  let rotated: SigningKeys;
  let before: Receipt;
  let after: Receipt;
  let shard: string;
  let old: string;

  const use = async (keys: SigningKeys): Promise<void> => {
    const client = await log.pool.connect();
    try {
      await recordKeyUse(client, keys, keys.receipts, new Date());
    } finally {
      client.release();
    }
  };

  beforeAll(async () => {
    log = await TestLog.create();
    await use(log.keys);
    const first = log.sequencer();
    first.start();
    [before] = (await log.append('before')) as readonly [Receipt];
    await log.published(4);
    await first.stop();
    const head = await log.readers().heads.newest();
    ({ shard, checkpoint: old } = head);

    rotated = log.rotated({ log: 'new-log.key', receipt: 'new-receipt.key' });
    await use(rotated);
    await use(rotated);
    const second = new Sequencer(log.database.url, rotated, new Publisher(rotated, log.guard));
    second.start();
    const ledger = new LedgerService(log.pool, log.pool, rotated, log.backlog);
    [after] = (await ledger.append([{ kind: NoteKind, record: noteOf('after') }], FRESH)) as readonly [Receipt];
    await log.published(7);
    await second.stop();
    await ledger.close();
  }, 40_000);
  afterAll(async () => {
    await log.close();
  });

  it('goes on signing with the new log key, and leaves the old signatures as they are', async () => {
    const { heads } = log.readers();
    const newest = await heads.newest();
    expect(() => openNote(newest.checkpoint, [noteVerifier(rotated.logSigner(shard).vkey)])).not.toThrow();
    expect(() => openNote(newest.checkpoint, [noteVerifier(log.keys.logSigner(shard).vkey)])).toThrow('no known key');
    const size = Number(old.split('\n')[1]);
    expect((await heads.at(newest.logId, size))?.checkpoint).toBe(old);
  });

  it('publishes both pairs, the old ones with the time they were retired', async () => {
    const keys = await new KeyRegistry(log.pool).keys();
    const state = Object.fromEntries(keys.map(({ vkey, retiredAt }) => [vkey, retiredAt === null]));
    expect(state).toEqual({
      [log.keys.receipts.vkey]: false,
      [log.keys.logSigner(shard).vkey]: false,
      [rotated.receipts.vkey]: true,
      [rotated.logSigner(shard).vkey]: true,
    });
    const verifiers = keys.map(({ vkey }) => noteVerifier(vkey));
    for (const receipt of [before, after]) expect(openReceipt(receipt, verifiers).kind).toBe('audit');
  });

  it('tells in the log, once for each key, what it replaces', async () => {
    const events: unknown[] = [];
    const { logId, size } = await log.readers().heads.newest();
    for await (const { entries } of new LogWalk(log.pool).batches(logId, 0, size))
      for (const { leaf, payload } of entries)
        if (decodeLeaf(leaf).kind === 'key-event')
          events.push(JSON.parse(decodeBody(payload?.body ?? Buffer.alloc(0)).publicJson));
    const event = (name: string, vkey: string, replaces: readonly string[]): object => ({
      event: 'in use',
      name,
      vkey,
      replaces,
    });
    expect(events).toHaveLength(4);
    expect(events).toEqual(
      expect.arrayContaining([
        event('log.test/receipt', log.keys.receipts.vkey, []),
        event('log.test/receipt', rotated.receipts.vkey, [log.keys.receipts.vkey]),
        event(`log.test/${shard}`, log.keys.logSigner(shard).vkey, []),
        event(`log.test/${shard}`, rotated.logSigner(shard).vkey, [log.keys.logSigner(shard).vkey]),
      ]),
    );
  });

  it('leaves a log that verifies with all published keys, and not with the new ones alone', async () => {
    expect(await log.verified(shard, [log.keys, rotated])).toEqual([]);
    const kinds = (await log.verified(shard, [rotated])).map(({ kind }) => kind);
    expect(kinds).toContain('batch');
    expect(kinds).toContain('signature');
  });

  it('records a key that comes into use again as another event', async () => {
    await use(log.keys);
    const keys = await new KeyRegistry(log.pool).keys();
    expect(keys.find(({ vkey }) => vkey === log.keys.receipts.vkey)?.retiredAt).toBeNull();
    expect(keys.find(({ vkey }) => vkey === rotated.receipts.vkey)?.retiredAt).not.toBeNull();
  });
});
