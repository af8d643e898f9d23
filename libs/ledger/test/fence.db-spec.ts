import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { v7 as uuid7 } from 'uuid';
import { Arrivals } from '../src/arrivals.js';
import { APPEND_CALL, appendValues, prepare, signedBatch } from '../src/batch.js';
import { loadArrivals, type LogState, sequence } from '../src/sequencer.round.js';
import { openShard } from '../src/shard.rotation.js';
import { NoteKind, noteOf, TestLog } from './log.js';

/** The race that a fence has to win: a transaction draws its arrival number, one that is older draws the next number and commits,
 *  a head is published over it, and only then the first one commits. */
describe('a batch that commits late', () => {
  let log: TestLog;
  let leader: pg.Client;
  let older: pg.Client;
  let late: pg.Client;
  let state: LogState;
  let lateXid: bigint;

  beforeEach(async () => {
    log = await TestLog.create();
    [leader, older, late] = await Promise.all([connect(), connect(), connect()]);
    state = await openShard(
      leader,
      log.keys,
      { shard: '2026h2', previous: null, arrivals: await loadArrivals(leader, 0) },
      new Date(),
    );
    for (const client of [older, late]) await client.query('BEGIN');
    await xidOf(older);
    lateXid = await xidOf(late);
    await append(late);
    await append(older);
    await older.query('COMMIT');
    state = await sequence(leader, state);
  });

  afterEach(async () => {
    await Promise.all([leader, older, late].map((client) => client.end()));
    await log.close();
  });

  it('is waited for as long as it takes, and sequenced when it commits', async () => {
    expect(state.tree.size).toBe(2);
    for (let round = 0; round < 5; round++) state = await sequence(leader, state);
    expect(state.arrivals.missing).toHaveLength(1);
    await late.query('COMMIT');
    state = await sequence(leader, state);
    expect(state.tree.size).toBe(3);
    expect(await unsequenced()).toBe(0);
  });

  it('is looked for again by a leader that takes over in between', async () => {
    const { rows } = await leader.query<{ low: string }>('SELECT max(low_arrival) AS low FROM ledger.tree_head');
    state = { ...state, arrivals: await loadArrivals(leader, Number(rows[0]?.low)) };
    expect(state.arrivals.missing).toHaveLength(1);
    for (let round = 0; round < 5; round++) state = await sequence(leader, state);
    await late.query('COMMIT');
    state = await sequence(leader, state);
    expect(await unsequenced()).toBe(0);
  });

  it('holds nothing up when it aborts', async () => {
    await late.query('ROLLBACK');
    for (const end = Date.now() + 10_000; state.arrivals.missing.length > 0 && Date.now() < end;)
      state = await sequence(leader, state);
    expect(state.arrivals.missing).toEqual([]);
    expect(state.arrivals.low).toBe(state.arrivals.highest);
  });

  it('is never sequenced when the fence is the end of the snapshot that missed it (control)', async () => {
    const [missing = -1] = state.arrivals.missing;
    // What pg_snapshot_xmax gives when the older transaction was the last to end.
    state = { ...state, arrivals: new Arrivals(state.arrivals.highest, new Map([[missing, lateXid]])) };
    for (const end = Date.now() + 10_000; state.arrivals.missing.length > 0 && Date.now() < end;)
      state = await sequence(leader, state);
    expect(state.arrivals.missing).toEqual([]);
    await late.query('COMMIT');
    state = await sequence(leader, state);
    expect(await unsequenced()).toBe(1);
  });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: log.database.url });
    await client.connect();
    return client;
  }

  async function append(client: pg.Client): Promise<void> {
    const prepared = prepare(NoteKind, noteOf('late'), log.keys.tenant, randomBytes);
    const batch = signedBatch(uuid7(), Date.now(), [prepared.leaf], log.keys.origin, log.keys.receipts);
    await client.query(`SELECT ${APPEND_CALL}`, appendValues([prepared], batch, null));
  }

  async function unsequenced(): Promise<number> {
    const { rows } = await leader.query<{ n: string }>(
      'SELECT count(*) AS n FROM ledger.batch b WHERE NOT EXISTS (SELECT 1 FROM ledger.seq s WHERE s.batch_id = b.batch_id)',
    );
    return Number(rows[0]?.n);
  }
});

async function xidOf(client: pg.Client): Promise<bigint> {
  const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
  return BigInt(rows[0]?.xid ?? 0);
}
