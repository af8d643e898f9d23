import { noteSigner, generateSignerKey } from '@lexecon/crypto';
import { MAXIMUM_MERGE_DELAY_MS } from '../src/core/index.js';
import { LedgerUnavailable } from '../src/failure.js';
import { GuardReplaced } from '../src/guard.js';
import { guardAt } from '../src/guard.place.js';
import { LedgerHealth } from '../src/ledger.health.js';
import { shardAt } from '../src/shard.js';
import { bucketPlace, folderPlace, type GuardPlace } from './guard.testing.js';
import { TestLog } from './log.js';
import { Tampering } from './tampering.js';

describe.each([
  ['a folder', folderPlace],
  ['a bucket', bucketPlace],
])('the guard outside the database, in %s,', (_, placeOf) => {
  let log: TestLog;
  let guard: GuardPlace;
  const shard = shardAt(new Date());

  beforeEach(async () => {
    guard = await placeOf();
    log = await TestLog.create(guard.place);
    const sequencer = log.sequencer();
    sequencer.start();
    await log.fill(20, 5);
    await log.published(22);
    await sequencer.stop();
  });
  afterEach(async () => {
    await log.close();
    await guard.close();
  });

  /** Why a sequencer that starts now signs nothing; null when it signs. */
  const refusal = async (): Promise<string | null> => {
    const { rows: before } = await log.pool.query('SELECT * FROM ledger.head_sig');
    const sequencer = log.sequencer();
    sequencer.start();
    await log.append('one more').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 900));
    const { halted } = sequencer;
    await sequencer.stop();
    const { rows: after } = await log.pool.query('SELECT * FROM ledger.head_sig');
    expect(after.length > before.length).toBe(halted === null);
    return halted;
  };

  it('lets the next leader sign while it agrees', async () => {
    expect(await refusal()).toBeNull();
  });

  it('stops all signing when it is gone beside a published log', async () => {
    guard.empty();
    expect(await refusal()).toContain(`the guard has no checkpoint of ${shard}, but the log was published before`);
  });

  it('stops all signing when the database is an older copy', async () => {
    const { rows } = await log.pool.query<{ size: string }>(
      'SELECT max(size) AS size FROM ledger.tree_head WHERE size < 22',
    );
    const older = Number(rows[0]?.size);
    await Tampering.committed(log, (tampering) => tampering.cutBackTo(older));
    expect(await refusal()).toContain(`the guard knows ${shard} at size 22, the database has only ${String(older)}`);
  });

  it('stops all signing when history was rewritten, though with the real keys', async () => {
    await Tampering.committed(log, (tampering) => tampering.rewrite(5, 'another'));
    expect(await refusal()).toContain(`history of ${shard} up to size 22 differs from what the guard knows`);
  });

  it('stops all signing when the whole database is new', async () => {
    await Tampering.committed(log, async ({ client }) => {
      for (const table of ['head_sig', 'tree_head', 'tile', 'seq', 'shard', 'batch', 'payload'])
        await client.query(`DELETE FROM ledger.${table}`);
    });
    expect(await refusal()).toContain('the guard knows');
  });

  it('stops all signing when its checkpoint is of another key', async () => {
    const stranger = noteSigner(generateSignerKey(`log.test/${shard}`, Buffer.alloc(32, 9)));
    const note = stranger.sign(`log.test/${shard}\n1\n${Buffer.alloc(32).toString('base64')}\n`);
    await log.guard.write(shard, note, await log.guard.read(shard));
    expect(await refusal()).toContain("the guard's checkpoint of");
  });

  it('keeps new entries out once an acknowledged one waited longer than the maximum merge delay', async () => {
    await log.append('waits');
    await log.backlog.read();
    expect(log.backlog.refusal()).toBeNull();
    await Tampering.committed(log, (tampering) =>
      tampering.sql(
        `UPDATE ledger.batch SET received_at = clock_timestamp() - make_interval(secs => $1)
         WHERE batch_id NOT IN (SELECT batch_id FROM ledger.seq WHERE batch_id IS NOT NULL)`,
        [MAXIMUM_MERGE_DELAY_MS / 1_000],
      ),
    );
    await log.backlog.read();
    expect(log.backlog.refusal()).toBe('entries wait too long for a guarded checkpoint');
    await expect(log.append('refused')).rejects.toBeInstanceOf(LedgerUnavailable);
    expect(await new LedgerHealth({ halted: null }, log.backlog).check()).toBe('down');
    const sequencer = log.sequencer();
    sequencer.start();
    await log.published(23);
    await sequencer.stop();
    await log.backlog.read();
    expect(log.backlog.refusal()).toBeNull();
    expect(await new LedgerHealth({ halted: null }, log.backlog).check()).toBe('up');
    expect(await new LedgerHealth({ halted: 'the guard is gone' }, log.backlog).check()).toBe('degraded');
  });

  it('keeps nobody out of an idle log, however old its last entry is', async () => {
    await Tampering.committed(log, (tampering) => tampering.sql(`UPDATE ledger.batch SET received_at = 'epoch'`));
    await log.backlog.read();
    expect(log.backlog.refusal()).toBeNull();
  });

  it('is not set back by a leader that was paused before it wrote', async () => {
    const read = (await log.guard.read(shard)) ?? '';
    const newer = `${read}newer`;
    await log.guard.write(shard, newer, read);
    await expect(log.guard.write(shard, `${read}late`, read)).rejects.toThrow('was replaced meanwhile');
    await expect(log.guard.write(shard, `${read}late`, null)).rejects.toThrow('was replaced meanwhile');
    expect(await log.guard.read(shard)).toBe(newer);
    expect(guard.names()).toEqual([`${shard}.checkpoint`]);
  });

  it('lets one of many leaders win that write at once, and holds its checkpoint whole', async () => {
    const note = (await log.guard.read(shard)) ?? '';
    const others = Array.from({ length: 8 }, (_, i) => `${note}${'x'.repeat(5_000 * i)}`).slice(1);
    const leaders = await Promise.all(others.map(() => guardAt(guard.place)));
    const results = await Promise.allSettled(
      others.map(async (other, i) => {
        await leaders[i]?.write(shard, other, note);
        return other;
      }),
    );
    const [winner, ...more] = results.filter((result) => result.status === 'fulfilled');
    expect(more).toEqual([]);
    expect(await log.guard.read(shard)).toBe(winner?.value);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(GuardReplaced);
    expect(guard.names()).toEqual([`${shard}.checkpoint`]);
  });
});
