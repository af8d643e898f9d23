import { noteVerifier } from '@lexecon/crypto';
import { FRESH, NoteKind, noteOf, TestLog } from '../test/log.js';
import { openReceipt, type Receipt } from './core/index.js';
import { AlreadyRecorded, Superseded } from './failure.js';
import { shardAt } from './shard.js';

describe('the ledger', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await TestLog.create();
  });
  afterEach(async () => {
    await log.close();
  });

  it('gives receipts that open under the receipt key, whatever shares the batch', async () => {
    const receipts = (
      await Promise.all(Array.from({ length: 70 }, (_, i) => log.append(`entry ${String(i)}`)))
    ).flat() as Receipt[];
    const verifier = noteVerifier(log.keys.receipts.vkey);
    for (const receipt of receipts) expect(openReceipt(receipt, [verifier]).kind).toBe('audit');
    const forged = { ...receipts[3], opening: { ...receipts[3]?.opening, public: { text: 'another' } } } as Receipt;
    expect(() => openReceipt(forged, [verifier])).toThrow(/opening does not match/);
  });

  it('sequences everything that was acknowledged, once and without gaps', async () => {
    const sequencer = log.sequencer();
    sequencer.start();
    for (let round = 0; round < 4; round++)
      await Promise.all(Array.from({ length: 100 }, (_, i) => log.append(`${String(round)}-${String(i)}`)));
    await log.published(402);
    await sequencer.stop();
    const { rows } = await log.pool.query<{ n: string; payloads: string }>(
      'SELECT (SELECT sum(n) FROM ledger.seq) AS n, (SELECT count(*) FROM ledger.payload) AS payloads',
    );
    expect(rows[0]).toEqual({ n: '402', payloads: '402' });
    const shard = shardAt(new Date());
    expect(await log.guard.read(shard)).toContain(`log.test/${shard}\n402\n`);
  });

  it('writes nothing when a committed batch is sent again', async () => {
    const { prepare, signedBatch } = await import('./batch.js');
    const { appendStatement } = await import('./append-statement.js');
    const prepared = prepare(NoteKind, noteOf('once'), log.keys.tenant, (bytes) => Buffer.alloc(bytes, 7));
    const batch = signedBatch(
      '0199f0c4-0000-7000-8000-000000000001',
      1,
      [prepared.leaf],
      'log.test',
      log.keys.receipts,
    );
    const statement = appendStatement([prepared], batch, FRESH);
    expect((await log.pool.query<{ fresh: boolean }>(statement)).rows).toEqual([{ fresh: true }]);
    expect((await log.pool.query<{ fresh: boolean }>(statement)).rows).toEqual([{ fresh: false }]);
  });

  it('refuses what was decided under a superseded kill epoch', async () => {
    await log.database.dataSource.transaction((tx) => log.ledger.advanceEpoch(tx, 'kill'));
    await expect(log.append('late')).rejects.toBeInstanceOf(Superseded);
    expect(await log.ledger.epochs()).toEqual({ kill: 1, policy: 0 });
  });

  it('never records one entry id twice', async () => {
    const note = noteOf('twice');
    await log.ledger.append([{ kind: NoteKind, record: note }], FRESH);
    const again = log.ledger.append([{ kind: NoteKind, record: note }], FRESH);
    await expect(again).rejects.not.toBeInstanceOf(AlreadyRecorded);
  });

  it('refuses updates and deletes', async () => {
    await log.append('kept');
    for (const sql of [
      'UPDATE ledger.batch SET n = 2',
      'DELETE FROM ledger.batch',
      'TRUNCATE ledger.batch CASCADE',
      'DELETE FROM ledger.payload',
    ])
      await expect(log.pool.query(sql)).rejects.toMatchObject({ code: 'LX003' });
  });
});
