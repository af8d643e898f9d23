import type { Client } from 'pg';
import { Arrivals } from './arrivals.js';
import { byteaArray } from './binary-array.js';
import type { GrowingTree } from './core/growing-tree.js';

/** Most batches that one round takes in. */
const MOST_BATCHES = 2_000;

interface Arrived {
  readonly batchId: string;
  readonly arrival: number;
  readonly n: number;
  readonly leaves: Buffer;
}

/** What the leader holds in memory; thrown away and read again after any error. */
export interface LogState {
  readonly logId: number;
  readonly shard: string;
  readonly tree: GrowingTree;
  readonly arrivals: Arrivals;
}

/** Which arrival numbers a new leader has to look for. */
export async function loadArrivals(client: Client, low: number): Promise<Arrivals> {
  const { rows } = await client.query<{ arrival: string }>(
    'SELECT b.arrival FROM ledger.batch b JOIN ledger.seq s USING (batch_id) WHERE b.arrival > $1',
    [low],
  );
  const done = new Set(rows.map((row) => Number(row.arrival)));
  const highest = rows.reduce((most, row) => Math.max(most, Number(row.arrival)), low);
  const missing = new Map<number, null>();
  for (let arrival = low + 1; arrival <= highest; arrival++) if (!done.has(arrival)) missing.set(arrival, null);
  return new Arrivals(highest, missing).fenced(await newXid(client));
}

/** Takes in every batch that became visible, in arrival order, in one transaction that the database's constraints fence against any
 *  other leader. Answers the state after it; the same tree when nothing arrived. */
export async function sequence(client: Client, state: LogState): Promise<LogState> {
  const { batches, xmin } = await fetchArrived(client, state.arrivals);
  const arrivals = state.arrivals.after(
    batches.map((batch) => batch.arrival),
    xmin,
  );
  if (batches.length === 0)
    return { ...state, arrivals: arrivals.unfenced ? arrivals.fenced(await newXid(client)) : arrivals };
  await client.query('BEGIN');
  try {
    const fenced = arrivals.unfenced ? arrivals.fenced(await newXid(client)) : arrivals;
    const tree = await store(client, { ...state, arrivals: fenced }, batches);
    await client.query('COMMIT');
    return { ...state, tree, arrivals: fenced };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** Inserts the sequence rows, the tiles that became full and the new head. Runs inside the caller's transaction. */
export async function store(
  client: Client,
  { logId, tree: before, arrivals }: LogState,
  batches: readonly Pick<Arrived, 'batchId' | 'n' | 'leaves'>[],
): Promise<GrowingTree> {
  const { tree, tiles } = before.grown(batches.map((batch) => batch.leaves));
  let base = before.size;
  const bases = batches.map((batch) => (base += batch.n) - batch.n);
  await client.query({
    name: 'seq',
    text: `INSERT INTO ledger.seq (log_id, base_idx, n, follows, batch_id)
           SELECT $1, b, n, b, i FROM unnest($2::bigint[], $3::int[], $4::uuid[]) u(b, n, i)`,
    values: [logId, bases, batches.map((batch) => batch.n), batches.map((batch) => batch.batchId)],
  });
  if (tiles.length > 0)
    await client.query({
      name: 'tile',
      text: `INSERT INTO ledger.tile (log_id, level, n, data)
             SELECT $1, l, n, d FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) u(l, n, d)`,
      values: [
        logId,
        tiles.map((tile) => tile.level),
        tiles.map((tile) => tile.n),
        byteaArray(tiles.map((tile) => tile.data)),
      ],
    });
  await client.query({
    name: 'head',
    text: `INSERT INTO ledger.tree_head (log_id, size, prev_size, root, compact, low_arrival) VALUES ($1, $2, $3, $4, $5, $6)`,
    values: [logId, tree.size, before.size, tree.root(), tree.compact(), arrivals.low],
  });
  return tree;
}

async function fetchArrived(
  client: Client,
  arrivals: Arrivals,
): Promise<{ readonly batches: readonly Arrived[]; readonly xmin: bigint }> {
  const { rows } = await client.query<{
    xmin: string;
    batch_id: string | null;
    arrival: string;
    n: number;
    leaves: Buffer;
  }>({
    name: 'arrived',
    text: `
      WITH now AS (SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin),
      arrived AS (
        (SELECT batch_id, arrival, n, leaves FROM ledger.batch WHERE arrival = ANY($2::bigint[]))
        UNION ALL
        (SELECT batch_id, arrival, n, leaves FROM ledger.batch WHERE arrival > $1 ORDER BY arrival LIMIT ${String(MOST_BATCHES)})
      )
      SELECT now.xmin, arrived.* FROM now LEFT JOIN arrived ON true ORDER BY arrival`,
    values: [arrivals.highest, arrivals.missing],
  });
  const batches = rows.flatMap((row) =>
    row.batch_id === null
      ? []
      : [{ batchId: row.batch_id, arrival: Number(row.arrival), n: row.n, leaves: row.leaves }],
  );
  return { batches, xmin: BigInt(rows[0]?.xmin ?? 0) };
}

async function newXid(client: Client): Promise<bigint> {
  const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
  return BigInt(rows[0]?.xid ?? 0);
}
