import type { Pool } from 'pg';
import { notFound } from '@lexecon/auth';
import { formatCheckpoint } from '@lexecon/crypto';
import { shardNameOf } from './shard.js';

/** A published head of a shard. */
export interface Head {
  readonly logId: number;
  /** `2026h2` */
  readonly shard: string;
  readonly size: number;
  readonly root: Buffer;
  /** The signed note. */
  readonly checkpoint: string;
}

interface Row {
  readonly log_id: number;
  readonly shard: string;
  readonly size: string;
  readonly root: Buffer;
  readonly names: readonly string[];
  readonly signatures: readonly Buffer[];
}

const HEAD = `
  SELECT h.log_id, s.name AS shard, h.size, h.root, g.names, g.signatures
  FROM found JOIN ledger.tree_head h USING (log_id, size) JOIN ledger.shard s USING (log_id),
    LATERAL (SELECT array_agg(key_name ORDER BY key_name) AS names, array_agg(signature ORDER BY key_name) AS signatures
             FROM ledger.head_sig g WHERE g.log_id = h.log_id AND g.size = h.size) g`;

/** Reads published heads; one is published once its signature is stored, and by then the guard holds it. */
export class HeadReader {
  constructor(
    private readonly pool: Pool,
    private readonly origin: string,
  ) {}

  /** The newest head of the shard, or of the newest shard that has one; null when there is none. */
  latest(shard?: string): Promise<Head | null> {
    const of = shard === undefined ? '' : 'WHERE log_id = (SELECT log_id FROM ledger.shard WHERE name = $1)';
    return this.#one(
      `SELECT log_id, size FROM ledger.head_sig ${of} ORDER BY log_id DESC, size DESC LIMIT 1`,
      shard === undefined ? [] : [shard],
    );
  }

  /** The same. Throws ProblemError 404 when there is no such shard, or nothing was published yet. */
  async newest(shard?: string): Promise<Head> {
    const head = await this.latest(shard);
    if (!head) throw notFound(shard === undefined ? 'checkpoint yet' : 'shard');
    return head;
  }

  /** Null when no head of this size was published. */
  at(logId: number, size: number): Promise<Head | null> {
    return this.#one('SELECT log_id, size FROM ledger.head_sig WHERE log_id = $1 AND size = $2 LIMIT 1', [logId, size]);
  }

  async #one(found: string, values: unknown[]): Promise<Head | null> {
    const { rows } = await this.pool.query<Row>(`WITH found AS (${found}) ${HEAD}`, values);
    const [row] = rows;
    if (!row) return null;
    const head = { logId: row.log_id, shard: row.shard, size: Number(row.size), root: row.root };
    const text = formatCheckpoint({ origin: shardNameOf(this.origin, row.shard), size: head.size, root: row.root });
    const lines = row.names.map((name, i) => `— ${name} ${row.signatures[i]?.toString('base64') ?? ''}\n`);
    return { ...head, checkpoint: `${text}\n${lines.join('')}` };
  }
}
