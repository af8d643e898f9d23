import type { Pool } from 'pg';
import { canonicalJson } from '@lexecon/crypto';
import { decodeBody } from './core/index.js';

/** Whether the first entry of a shard commits to the end of the one before; null when it does. `body` is that entry's payload. */
export async function shardLinkFault(
  pool: Pool,
  { logId, shard }: { readonly logId: number; readonly shard: string },
  body: Buffer | null,
): Promise<string | null> {
  if (body === null) return 'the entry that opens the shard has no payload';
  const { rows } = await pool.query<{ name: string; size: string; root: Buffer }>(
    `SELECT s.name, h.size, h.root FROM ledger.shard s JOIN ledger.tree_head h USING (log_id)
     WHERE s.log_id = $1 ORDER BY h.size DESC LIMIT 1`,
    [logId - 1],
  );
  const [last] = rows;
  const previous = last ? { shard: last.name, size: Number(last.size), root: last.root.toString('base64') } : null;
  const expected = canonicalJson({ shard, previous });
  return decodedText(body) === expected
    ? null
    : `the shard does not begin with its name and the end of the one before, ${expected}`;
}

function decodedText(body: Buffer): string | null {
  try {
    return decodeBody(body).publicJson;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
