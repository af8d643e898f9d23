import type { ClientBase } from 'pg';

const DAYS_AHEAD = 14;

/** Makes the partitions that entries go to, today's and those of the next two weeks, where they are missing. */
export async function ensurePartitions(client: ClientBase): Promise<void> {
  await client.query('SELECT ledger.ensure_partitions($1)', [DAYS_AHEAD]);
}
