import { randomBytes } from 'node:crypto';
import { Client, type ClientBase } from 'pg';
import { v7 as uuid7 } from 'uuid';
import type { Json } from '@lexecon/crypto';
import { APPEND_CALL, appendValues, prepare, signedBatch } from './batch.js';
import { bytesOfUuid } from './core/index.js';
import type { LedgerOptions } from './ledger.config.js';
import { ensurePartitions } from './partitions.js';
import { KeyEventKind } from './shard.kind.js';
import { readSigningKeys, type SigningKeys } from './signing-keys.js';

type Facts = Readonly<Record<string, Json>>;

/** Puts a change of keys on record, inside the caller's transaction when there is one. Everything in it is public. */
export async function appendKeyEvent(client: ClientBase, keys: SigningKeys, facts: Facts, now: Date): Promise<void> {
  const record = { entryId: bytesOfUuid(uuid7()), timeMs: now.getTime(), facts };
  const prepared = prepare(KeyEventKind, record, keys.tenant, randomBytes);
  const batch = signedBatch(uuid7(), now.getTime(), [prepared.leaf], keys.origin, keys.receipts);
  await client.query(`SELECT ${APPEND_CALL}`, appendValues([prepared], batch, null));
}

/** The same from a program that is no server. Durable when it resolves. */
export async function recordKeyEvent(options: LedgerOptions, facts: Facts): Promise<void> {
  const keys = readSigningKeys({ ...options, mayCreateKeys: false });
  const client = new Client({ connectionString: options.url, application_name: 'lexecon-keys' });
  await client.connect();
  try {
    await ensurePartitions(client);
    await appendKeyEvent(client, keys, facts, new Date());
  } finally {
    await client.end();
  }
}
