import pg from 'pg';
import { v7 as uuid7 } from 'uuid';
import { Arrivals } from '../src/arrivals.js';
import { APPEND_CALL, appendValues, prepare, signedBatch } from '../src/batch.js';
import { loadArrivals, type LogState, sequence } from '../src/sequencer.round.js';
import { loadHead } from '../src/tree.state.js';
import { NoteKind, noteOf, TestLog } from './log.js';

describe('the sequencer, round by round', () => {
  let log: TestLog;
  let clients: pg.Client[] = [];

  beforeEach(async () => {
    log = await TestLog.create();
    const sequencer = log.sequencer();
    sequencer.start();
    await log.append('first');
    await log.published(3);
    await sequencer.stop();
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.end()));
    clients = [];
    await log.close();
  });

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(log.database.url);
    clients.push(client);
    await client.connect();
    return client;
  };
  const append = (client: pg.ClientBase, text: string): Promise<unknown> => {
    const prepared = prepare(NoteKind, noteOf(text), log.keys.tenant, (bytes) => Buffer.alloc(bytes, 7));
    const batch = signedBatch(uuid7(), Date.now(), [prepared.leaf], 'log.test', log.keys.receipts);
    return client.query(`SELECT ${APPEND_CALL}`, appendValues([prepared], batch, null));
  };
  const state = async (client: pg.Client): Promise<LogState> => {
    const head = await loadHead(client);
    if (!head) throw new Error('there is no log');
    return {
      logId: head.logId,
      shard: head.shard,
      tree: head.tree,
      arrivals: await loadArrivals(client, head.lowArrival),
    };
  };
  const xidOf = async (client: pg.Client): Promise<bigint> => {
    const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
    return BigInt(rows[0]?.xid ?? 0);
  };
  /** Waits until no other transaction of the server is older. */
  const oldestRunningIs = async (client: pg.Client, xid: bigint): Promise<void> => {
    for (let i = 0; i < 400; i++) {
      const { rows } = await client.query<{ xmin: string }>(
        'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin',
      );
      if (BigInt(rows[0]?.xmin ?? 0) >= xid) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('a transaction of somebody else runs on');
  };

  /** A smaller arrival number in the hands of the younger transaction, while the older one commits. */
  const race = async (): Promise<{ late: pg.Client; xid: bigint }> => {
    const [early, late] = [await connect(), await connect()];
    await early.query('BEGIN');
    await xidOf(early);
    await late.query('BEGIN');
    const xid = await xidOf(late);
    await append(late, 'late');
    await append(early, 'early');
    await early.query('COMMIT');
    return { late, xid };
  };

  it('sequences a batch whose younger transaction drew the smaller number and committed late', async () => {
    const leader = await connect();
    let now = await state(leader);
    const { late, xid } = await race();
    now = await sequence(leader, now);
    expect(now.tree.size).toBe(4);
    await oldestRunningIs(leader, xid);
    for (let round = 0; round < 5; round++) now = await sequence(leader, now);
    expect(now.arrivals.missing).toHaveLength(1);
    await late.query('COMMIT');
    now = await sequence(leader, now);
    expect(now.tree.size).toBe(5);
    expect(now.arrivals.missing).toEqual([]);
  });

  it('would never sequence it with a fence taken from the snapshot of the read (control)', async () => {
    const leader = await connect();
    const before = await state(leader);
    const { late, xid } = await race();
    let now = await sequence(leader, before);
    // On a quiet server the snapshot's xmax is the number after the last one that ended: the younger transaction's own.
    const wrong = new Arrivals(now.arrivals.highest, new Map(now.arrivals.missing.map((arrival) => [arrival, xid])));
    await oldestRunningIs(leader, xid);
    now = await sequence(leader, { ...now, arrivals: wrong });
    expect(now.arrivals.missing).toEqual([]);
    await late.query('COMMIT');
    for (let round = 0; round < 5; round++) now = await sequence(leader, now);
    expect(now.tree.size).toBe(4);
  });

  it('never waits for a batch that was aborted, and forgets it', async () => {
    const leader = await connect();
    let now = await state(leader);
    const { late } = await race();
    now = await sequence(leader, now);
    expect(now.tree.size).toBe(4);
    await late.query('ROLLBACK');
    await append(late, 'after');
    now = await sequence(leader, now);
    expect(now.tree.size).toBe(5);
    for (let i = 0; i < 200 && now.arrivals.missing.length > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      now = await sequence(leader, now);
    }
    expect(now.arrivals.missing).toEqual([]);
  });

  it('finds a late batch again under a new leader', async () => {
    const leader = await connect();
    const { late } = await race();
    await sequence(leader, await state(leader));
    const successor = await connect();
    let now = await state(successor);
    expect(now.arrivals.missing).toHaveLength(1);
    await late.query('COMMIT');
    now = await sequence(successor, now);
    expect(now.tree.size).toBe(5);
  });

  it('refuses a second leader that goes on from what it read before', async () => {
    const [one, two] = [await connect(), await connect()];
    const [first, zombie] = [await state(one), await state(two)];
    await append(log.pool as never, 'a');
    await sequence(one, first);
    await expect(sequence(two, zombie)).rejects.toMatchObject({ code: '23505' });
    await append(log.pool as never, 'b');
    await expect(sequence(two, zombie)).rejects.toMatchObject({ code: '23505' });
    expect((await state(two)).tree.size).toBe(4);
  });

  it('stays one log under three leaders at once', async () => {
    const rounds = 40;
    let refused = 0;
    const lead = async (client: pg.Client): Promise<void> => {
      let now = await state(client);
      for (let round = 0; round < rounds; round++) {
        await append(client, 'one more');
        try {
          now = await sequence(client, now);
        } catch {
          refused += 1;
          now = await state(client);
        }
      }
    };
    await Promise.all([lead(await connect()), lead(await connect()), lead(await connect())]);
    const leader = await connect();
    for (
      let last = await state(leader), next = await sequence(leader, last);
      next.tree !== last.tree;
      next = await sequence(leader, last)
    )
      last = next;
    expect(refused).toBeGreaterThan(0);
    const sequencer = log.sequencer();
    sequencer.start();
    await log.published(3 + 3 * rounds);
    await sequencer.stop();
    expect(await log.verified()).toEqual([]);
    const { rows } = await log.pool.query<{ batches: string; placed: string }>(
      'SELECT (SELECT count(*) FROM ledger.batch) AS batches, (SELECT count(DISTINCT batch_id) FROM ledger.seq) AS placed',
    );
    expect(rows[0]?.placed).toBe(rows[0]?.batches);
  }, 30_000);
});
