import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { ProblemError } from '@lexecon/auth';
import { generateSignerKey, noteSigner } from '@lexecon/crypto';
import { TestLog } from '../test/log.js';
import { Tampering } from '../test/tampering.js';
import { KeyRegistry } from './key.registry.js';
import type { VerificationView } from './verification.dto.js';
import { VerificationTask } from './verification.task.js';

describe('a verification job', () => {
  let log: TestLog;
  let task: VerificationTask;

  beforeAll(async () => {
    log = await TestLog.create();
    const sequencer = log.sequencer();
    sequencer.start();
    await log.fill(298, 60);
    await log.published(300);
    await sequencer.stop();
  }, 40_000);
  beforeEach(() => {
    task = taskOf();
  });
  afterEach(async () => {
    await task.stop();
  });
  afterAll(async () => {
    await log.close();
  });

  const taskOf = (): VerificationTask =>
    new VerificationTask(
      log.database.url,
      log.pool,
      log.keys,
      log.guard,
      log.readers().heads,
      new KeyRegistry(log.pool),
    );

  const ended = async (id: string): Promise<VerificationView> => {
    for (let i = 0; i < 200; i++) {
      const view = await task.get(id);
      if (view.state !== 'running') return view;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('it does not end');
  };
  const verified = async (request = {}): Promise<VerificationView> => ended((await task.start(request)).id);
  const problem = async (attempt: Promise<unknown>): Promise<unknown> => {
    const error: unknown = await attempt.catch((thrown: unknown) => thrown);
    return error instanceof ProblemError
      ? [error.problem.status, ...(error.problem.errors ?? []).map(({ pointer }) => pointer)]
      : error;
  };

  it('finds a sound log valid', async () => {
    const started = await task.start({});
    expect(started).toMatchObject({ state: 'running', from: 0, to: 300, done: 0, findings: [], finishedAt: null });
    expect(await ended(started.id)).toMatchObject({ id: started.id, state: 'valid', done: 300, findings: [] });
  });

  it('verifies any part of the log', async () => {
    for (const [from, to] of [
      [0, 1],
      [1, 300],
      [255, 257],
      [256, 300],
      [257, 258],
      [299, 300],
      [10, 20],
    ])
      expect(await verified({ from, to })).toMatchObject({ state: 'valid', from, to, done: (to ?? 0) - (from ?? 0) });
  });

  it('says what is wrong and where, also in a part of the log', async () => {
    const { rows } = await log.pool.query<{ id: string }>(
      'SELECT entry_id AS id FROM ledger.payload p JOIN ledger.seq s USING (batch_id) WHERE p.part = 0 AND s.base_idx + p.ord = 280',
    );
    const flip = (): Promise<void> =>
      Tampering.committed(log, (tampering) =>
        tampering.flip('payload', 'body', `entry_id = '${rows[0]?.id ?? ''}' AND part = 0`, 90),
      );
    await flip();
    const finding = { kind: 'entry', place: 'entry 280', detail: 'the payload is not what the leaf commits to' };
    expect(await verified()).toMatchObject({ state: 'invalid', findings: [finding] });
    expect(await verified({ from: 270 })).toMatchObject({ state: 'invalid', findings: [finding] });
    expect(await verified({ to: 100 })).toMatchObject({ state: 'valid' });
    await flip();
  });

  it("compares the log with the guard's checkpoint", async () => {
    const shard = (await log.readers().heads.newest()).shard;
    const kept = (await log.guard.read(shard)) ?? '';
    const signer = log.keys.logSigner(shard);
    const put = async (note: string): Promise<void> => log.guard.write(shard, note, await log.guard.read(shard));
    await put(signer.sign(`log.test/${shard}\n100\n${Buffer.alloc(32).toString('base64')}\n`));
    expect(await verified()).toMatchObject({ state: 'invalid', findings: [{ kind: 'history', place: 'size 100' }] });
    await put(signer.sign(`log.test/${shard}\n301\n${Buffer.alloc(32).toString('base64')}\n`));
    expect(await verified()).toMatchObject({ state: 'invalid', findings: [{ kind: 'history', place: 'size 301' }] });
    const stranger = noteSigner(generateSignerKey(signer.name, Buffer.alloc(32, 5)));
    await put(stranger.sign(`log.test/${shard}\n100\n${Buffer.alloc(32).toString('base64')}\n`));
    expect(await verified()).toMatchObject({ state: 'invalid', findings: [{ kind: 'history', place: 'guard' }] });
    rmSync(join(log.folder, 'guard'), { recursive: true });
    expect(await verified()).toMatchObject({ state: 'invalid', findings: [{ kind: 'history', place: 'guard' }] });
    await put(kept);
  });

  it('runs one at a time, whatever the replica', async () => {
    const replica = new pg.Client(log.database.url);
    await replica.connect();
    await replica.query('SELECT pg_advisory_lock(7106)');
    expect(await problem(task.start({}))).toEqual([409]);
    await replica.end();
    for (let i = 0; i < 5; i++) expect(await verified()).toMatchObject({ state: 'valid' });
  });

  it('is failed when the process that ran it is gone', async () => {
    const holder = new pg.Client(log.database.url);
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(7106)');
    const id = '0199f0c4-0000-7000-8000-000000000001';
    await holder.query(
      "INSERT INTO ledger.verification (id, log_id, from_index, to_index, done_index, state) VALUES ($1, 1, 0, 9, 4, 'running')",
      [id],
    );
    expect(await task.get(id)).toMatchObject({ state: 'running', done: 4 });
    await holder.end();
    expect(await ended(id)).toMatchObject({ state: 'failed', done: 4, findings: [] });
  });

  it('is failed, and not valid, when the server stops under it', async () => {
    const { id } = await task.start({});
    await task.stop();
    expect(await taskOf().get(id)).toMatchObject({ state: 'failed' });
  });

  it('refuses ranges and shards that are not there, naming the member', async () => {
    expect(await problem(task.start({ to: 301 }))).toEqual([422, '/to']);
    expect(await problem(task.start({ from: 5, to: 5 }))).toEqual([422, '/from']);
    expect(await problem(task.start({ shard: '2020h1' }))).toEqual([404]);
    expect(await problem(task.get('0199f0c4-0000-7000-8000-0000000000ff'))).toEqual([404]);
  });
});
