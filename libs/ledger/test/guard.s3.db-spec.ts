import type { Fault } from '../../../test/aws/s3.server.js';
import { MAXIMUM_MERGE_DELAY_MS } from '../src/core/index.js';
import { LedgerUnavailable } from '../src/failure.js';
import { GuardReplaced } from '../src/guard.js';
import { guardAt } from '../src/guard.place.js';
import { LedgerHealth } from '../src/ledger.health.js';
import { shardAt } from '../src/shard.js';
import { bucketPlace, type BucketPlace } from './guard.testing.js';
import { TestLog } from './log.js';
import { Tampering } from './tampering.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a guard in a bucket', () => {
  let bucket: BucketPlace;
  const shard = '2026h2';
  beforeEach(async () => {
    bucket = await bucketPlace();
  });
  afterEach(async () => {
    await bucket.close();
  });

  /** Goes wrong in these ways, one request of the method after the other; then all is well. */
  const faults = (method: string, ...list: readonly Fault[]): void => {
    const left = [...list];
    bucket.server.fault = (asked) => (asked === method ? left.shift() : undefined);
  };
  const kept = (): string | undefined =>
    bucket.server.objects.get(`/${bucket.server.bucket}/logs/prod/${shard}.checkpoint`)?.body.toString();

  it('writes under a condition every time: the first only where nothing is, the next only over what was read', async () => {
    const guard = await guardAt(bucket.place);
    expect(await guard.read(shard)).toBeNull();
    await guard.write(shard, 'one', null);
    await guard.write(shard, 'two', 'one');
    const other = await guardAt(bucket.place);
    await expect(other.write(shard, 'three', null)).rejects.toBeInstanceOf(GuardReplaced);
    await expect(other.write(shard, 'three', 'one')).rejects.toBeInstanceOf(GuardReplaced);
    await other.write(shard, 'three', 'two');
    await expect(guard.write(shard, 'late', 'two')).rejects.toBeInstanceOf(GuardReplaced);
    expect(kept()).toBe('three');
    const conditions = bucket.server.asked.filter(({ method }) => method === 'PUT').map(({ condition }) => condition);
    expect(conditions).not.toContain(null);
    expect(conditions.slice(0, 2)).toEqual(['If-None-Match: *', expect.stringMatching(/^If-Match: ".+"$/)]);
  });

  it.each<[string, readonly Fault[]]>([
    ['whose answer was lost', ['cut after']],
    ['that is never answered', ['never answered']],
    ['that did not arrive', ['cut before']],
    ['that met another one under way', ['conflict']],
    ['that came at a bad moment', ['slow down', 'conflict']],
    ['that arrives after it was given up and sent again', ['carried out late']],
  ])('settles a write %s by reading back', async (_, list) => {
    const guard = await guardAt(bucket.place);
    await guard.write(shard, 'one', null);
    faults('PUT', ...list);
    await guard.write(shard, 'two', 'one');
    expect(kept()).toBe('two');
    await guard.write(shard, 'three', 'two');
    await pause(list.includes('carried out late') ? 2_600 : 0);
    expect(await guard.read(shard)).toBe('three');
  });

  it('rejects within the maximum merge delay when the store stays silent, and works again when it is back', async () => {
    const guard = await guardAt(bucket.place);
    await guard.write(shard, 'one', null);
    bucket.server.fault = () => 'never answered';
    const started = performance.now();
    await expect(guard.write(shard, 'two', 'one')).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(MAXIMUM_MERGE_DELAY_MS);
    bucket.server.fault = () => undefined;
    await guard.write(shard, 'two', 'one');
    expect(kept()).toBe('two');
  });

  it('takes the refusal of its credentials for no empty guard', async () => {
    const secret = process.env['AWS_SECRET_ACCESS_KEY'];
    process.env['AWS_SECRET_ACCESS_KEY'] = 'another';
    await expect((await guardAt(bucket.place)).read(shard)).rejects.toThrow();
    process.env['AWS_SECRET_ACCESS_KEY'] = secret;
    await expect((await guardAt(bucket.place.replace('guard-bucket', 'no-such-bucket'))).read(shard)).rejects.toThrow();
  });

  describe('under a log', () => {
    let log: TestLog;
    const now = shardAt(new Date());
    beforeEach(async () => {
      log = await TestLog.create(bucket.place);
    });
    afterEach(async () => {
      await log.close();
    });

    const signed = async (): Promise<number> =>
      Number(
        (await log.pool.query<{ size: string }>('SELECT coalesce(max(size), 0) AS size FROM ledger.head_sig')).rows[0]
          ?.size,
      );

    it('stops all signing while it cannot be reached, keeps entries out after the maximum merge delay, and goes on by itself', async () => {
      const sequencer = log.sequencer();
      sequencer.start();
      await log.fill(20, 5);
      await log.published(22);
      bucket.server.fault = () => 'cut before';
      await log.append('not covered');
      await pause(1_000);
      expect(await signed()).toBe(22);
      expect(sequencer.halted).not.toBeNull();
      await Tampering.committed(log, (tampering) =>
        tampering.sql(
          `UPDATE ledger.batch SET received_at = clock_timestamp() - make_interval(secs => $1)
           WHERE arrival = (SELECT max(arrival) FROM ledger.batch)`,
          [MAXIMUM_MERGE_DELAY_MS / 1_000],
        ),
      );
      await log.backlog.read();
      await expect(log.append('refused')).rejects.toBeInstanceOf(LedgerUnavailable);
      expect(await new LedgerHealth(sequencer, log.backlog).check()).toBe('down');
      bucket.server.fault = () => undefined;
      await log.published(23);
      await log.backlog.read();
      await log.append('taken');
      await log.published(24);
      await sequencer.stop();
      expect(await log.verified()).toEqual([]);
    });

    it('is not set back by a leader whose write was held up while another leader went on', async () => {
      const first = log.sequencer();
      first.start();
      await log.fill(5);
      await log.published(7);
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const writes = { held: 0 };
      bucket.server.fault = async (method) => {
        if (method !== 'PUT' || writes.held > 0) return undefined;
        writes.held += 1;
        await held;
        return undefined;
      };
      await log.append('the first leader is about to sign for this');
      while (writes.held === 0) await pause(10);
      await log.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lexecon-sequencer' AND datname = current_database()`,
      );
      const second = log.sequencer();
      second.start();
      await log.fill(5);
      await log.published(13);
      release();
      await log.append('after');
      await log.published(14);
      await Promise.all([first.stop(), second.stop()]);
      expect(await log.guard.read(now)).toContain(`log.test/${now}\n14\n`);
      expect(bucket.server.asked.filter(({ status }) => status === 412).length).toBeGreaterThan(0);
      expect(await log.verified()).toEqual([]);
    });
  });
});
