import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { v7 as uuid7 } from 'uuid';
import type { Json } from '@lexecon/crypto';
import type { Arrivals } from './arrivals.js';
import { APPEND_CALL, appendValues, prepare, signedBatch } from './batch.js';
import { bytesOfUuid, type EntryKind } from './core/index.js';
import { GrowingTree } from './core/growing-tree.js';
import { type LogState, store } from './sequencer.round.js';
import { type LogEvent, ShardCloseKind, ShardOpenKind } from './shard.kind.js';
import type { SigningKeys } from './signing-keys.js';
import { transaction } from './transaction.js';

/** The end of the shard before: what the first entry of the next one commits to. */
interface ShardEnd {
  readonly logId: number;
  readonly shard: string;
  readonly size: number;
  readonly root: Buffer;
}

export interface NextShard {
  readonly shard: string;
  readonly previous: ShardEnd | null;
  readonly arrivals: Arrivals;
}

/** Ends a shard with a closing entry. */
export async function closeShard(client: Client, keys: SigningKeys, state: LogState, now: Date): Promise<LogState> {
  return transaction(client, async () => {
    const after = await appendFirst(
      client,
      keys,
      state,
      ShardCloseKind,
      { shard: state.shard, size: state.tree.size + 1 },
      now,
    );
    await client.query('UPDATE ledger.shard SET closed_size = $2 WHERE log_id = $1', [state.logId, after.tree.size]);
    return after;
  });
}

/** Begins a shard; its first entry commits to the end of the one before. */
export async function openShard(
  client: Client,
  keys: SigningKeys,
  { shard, previous, arrivals }: NextShard,
  now: Date,
): Promise<LogState> {
  const logId = (previous?.logId ?? 0) + 1;
  return transaction(client, async () => {
    const tree = GrowingTree.empty();
    await client.query('INSERT INTO ledger.shard (log_id, name, opened_at) VALUES ($1, $2, $3)', [logId, shard, now]);
    await client.query('INSERT INTO ledger.seq (log_id, base_idx, n) VALUES ($1, 0, 0)', [logId]);
    await client.query(
      'INSERT INTO ledger.tree_head (log_id, size, root, compact, low_arrival) VALUES ($1, 0, $2, $3, $4)',
      [logId, tree.root(), tree.compact(), arrivals.low],
    );
    const facts = {
      shard,
      previous: previous && { shard: previous.shard, size: previous.size, root: previous.root.toString('base64') },
    };
    return appendFirst(client, keys, { logId, shard, tree, arrivals }, ShardOpenKind, facts, now);
  });
}

/** Appends an entry of the log's own and sequences it before everything that waits. */
async function appendFirst(
  client: Client,
  keys: SigningKeys,
  state: LogState,
  kind: EntryKind<LogEvent>,
  facts: Readonly<Record<string, Json>>,
  now: Date,
): Promise<LogState> {
  const record = { entryId: bytesOfUuid(uuid7()), timeMs: now.getTime(), facts };
  const prepared = prepare(kind, record, keys.tenant, randomBytes);
  const batch = signedBatch(uuid7(), now.getTime(), [prepared.leaf], keys.origin, keys.receipts);
  await client.query(`SELECT ${APPEND_CALL}`, appendValues([prepared], batch, null));
  const { rows } = await client.query<{ arrival: string }>('SELECT arrival FROM ledger.batch WHERE batch_id = $1', [
    batch.promise.batch,
  ]);
  // Gaps below our number stay unfenced until the next round: our own transaction is older than some that fill them.
  const arrivals = state.arrivals.after([Number(rows[0]?.arrival)], 0n);
  const tree = await store(client, { ...state, arrivals }, [
    { batchId: batch.promise.batch, n: 1, leaves: prepared.leaf },
  ]);
  return { ...state, tree, arrivals };
}
