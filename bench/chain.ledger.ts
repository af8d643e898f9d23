import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { sha256 } from '@lexecon/crypto';
import type { Item } from '@lexecon/ledger';
import { encodeBody, encodeLeaf, type Receipt, type SealedEntry, sealEntry, uuidOf } from '@lexecon/ledger/core';
import {
  CHAIN_ADVANCE,
  CHAIN_BEGIN,
  CHAIN_COMMIT,
  CHAIN_HEAD,
  CHAIN_INSERT,
  CHAIN_LOCK,
  CHAIN_TABLES,
} from './chain.sql.js';

const CONNECTIONS = 16;
const TENANT = Buffer.alloc(16);

interface Link {
  readonly entryId: string;
  readonly leaf: Buffer;
  readonly sealed: SealedEntry;
  readonly publicFields: Receipt['opening']['public'];
}

/** Takes the place of the ledger behind the decision route: the same entries, sealed the same way, each chained to the one before.
 *  It signs nothing and writes no rows to search by, both to its advantage. */
export class ChainLedger {
  private constructor(private readonly pool: pg.Pool) {}

  static async open(url: string): Promise<ChainLedger> {
    const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, application_name: 'lexecon-bench-chain' });
    await pool.query(CHAIN_TABLES);
    return new ChainLedger(pool);
  }

  async append(items: readonly Item[]): Promise<readonly Receipt[]> {
    const receipts: Receipt[] = [];
    for (const item of items) receipts.push(await this.#chained(linkOf(item)));
    return receipts;
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  async #chained(link: Link): Promise<Receipt> {
    const client = await this.pool.connect();
    try {
      await client.query(CHAIN_BEGIN);
      await client.query({ name: 'chain-lock', text: CHAIN_LOCK });
      const { rows } = await client.query<{ seq: string; hash: Buffer }>({ name: 'chain-head', text: CHAIN_HEAD });
      const prev = rows[0]?.hash ?? Buffer.alloc(32);
      const seq = Number(rows[0]?.seq) + 1;
      const hash = sha256(Buffer.concat([prev, link.leaf]));
      const [group] = link.sealed.groups;
      await client.query({
        name: 'chain-insert',
        text: CHAIN_INSERT,
        values: [seq, link.entryId, prev, hash, link.leaf, encodeBody(link.sealed), group?.ciphertext, group?.keyId],
      });
      await client.query({ name: 'chain-advance', text: CHAIN_ADVANCE, values: [seq, hash] });
      await client.query(CHAIN_COMMIT);
      return receiptOf(link, seq, hash);
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }
}

function linkOf({ kind, record }: Item): Link {
  const entry = kind.encode(record);
  const sealed = sealEntry(entry, randomBytes);
  const leaf = encodeLeaf({
    kind: kind.name,
    class: entry.class,
    timeMs: entry.timeMs,
    entryId: entry.entryId,
    tenant: TENANT,
    ref: entry.ref ?? null,
    count: sealed.commitments.length,
    fields: sealed.fields,
  });
  return { entryId: uuidOf(entry.entryId), leaf, sealed, publicFields: entry.public };
}

/** As much of a receipt as a chain has: the opening, and the place. */
const receiptOf = ({ entryId, leaf, sealed, publicFields }: Link, seq: number, hash: Buffer): Receipt => ({
  log: 'chain',
  entry: entryId,
  leaf: leaf.toString('base64'),
  opening: {
    schema: 1,
    seed: sealed.seed.toString('base64'),
    public: publicFields,
    commitments: sealed.commitments
      .slice(Object.keys(publicFields).length)
      .map((commitment) => commitment.toString('base64')),
  },
  batch: entryId,
  position: 0,
  path: [],
  note: hash.toString('base64'),
  index: seq,
});
