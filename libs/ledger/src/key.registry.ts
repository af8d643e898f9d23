import type { ClientBase, Pool } from 'pg';
import type { NoteSigner } from '@lexecon/crypto';
import { appendKeyEvent } from './key.event.js';
import type { SigningKeys } from './signing-keys.js';
import { transaction } from './transaction.js';

/** Advisory lock under which a key comes into use. */
const KEY_LOCK = 7108;

export interface PublishedKey {
  readonly name: string;
  readonly vkey: string;
  /** RFC 3339. */
  readonly firstUsed: string;
  /** Null while it is in use. */
  readonly retiredAt: string | null;
}

/** Every key that ever signed here. */
export class KeyRegistry {
  constructor(private readonly pool: Pool) {}

  /** Oldest first. */
  async keys(): Promise<readonly PublishedKey[]> {
    const { rows } = await this.pool.query<{ name: string; vkey: string; first_used: Date; retired_at: Date | null }>(
      'SELECT name, vkey, first_used, retired_at FROM ledger.signing_key ORDER BY first_used, vkey',
    );
    return rows.map((row) => ({
      name: row.name,
      vkey: row.vkey,
      firstUsed: row.first_used.toISOString(),
      retiredAt: row.retired_at?.toISOString() ?? null,
    }));
  }
}

/** Makes sure that the key a replica is about to sign with is published, and that the log says since when. It takes the place of the
 *  key that signed the same before; a key that comes into use again is told by another entry. */
export async function recordKeyUse(
  client: ClientBase,
  keys: SigningKeys,
  signer: NoteSigner,
  now: Date,
): Promise<void> {
  await transaction(client, async () => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [KEY_LOCK]);
    const { rows } = await client.query<{ vkey: string }>(
      'SELECT vkey FROM ledger.signing_key WHERE retired_at IS NULL AND (name = $1) = $2 ORDER BY vkey',
      [keys.receipts.name, signer.name === keys.receipts.name],
    );
    const inUse = rows.map((row) => row.vkey);
    if (inUse.includes(signer.vkey)) return;
    await client.query('UPDATE ledger.signing_key SET retired_at = $2 WHERE vkey = ANY($1::text[])', [inUse, now]);
    await client.query(
      `INSERT INTO ledger.signing_key (name, vkey, first_used) VALUES ($1, $2, $3)
       ON CONFLICT (vkey) DO UPDATE SET retired_at = NULL`,
      [signer.name, signer.vkey, now],
    );
    const facts = { event: 'in use', name: signer.name, vkey: signer.vkey, replaces: inUse };
    await appendKeyEvent(client, keys, facts, now);
  });
}
