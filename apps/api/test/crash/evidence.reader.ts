import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { generateSignerKey, noteSigner, noteVerifier } from '@lexecon/crypto';
import { decodeBody, fieldsRoot, publicCommitments } from '@lexecon/ledger/core';
import type { Cluster } from './cluster.js';
import type { Evidence, Payload } from './evidence.js';
import { journalEvidence } from './journal.reader.js';

const CHUNK = 5_000;

/** What is known besides the database and the journal. */
interface Observed {
  readonly outages: Evidence['outages'];
  readonly guardSizes: readonly number[];
}

/** Reads everything from the database itself, from the journal and from the guard; asks no server anything. */
export async function readEvidence(cluster: Cluster, { outages, guardSizes }: Observed): Promise<Evidence> {
  const client = new pg.Client({ connectionString: cluster.postgres.url });
  await client.connect();
  try {
    const read = reader(client);
    const [shard, ...more] = await read<{ name: string }>('SELECT name FROM ledger.shard');
    if (!shard || more.length > 0) throw new Error('the suite ran over a turn of the half-year: run it again');
    const { origin, receipts } = cluster.identity;
    const log = `${origin}/${shard.name}`;
    const receiptVerifier = noteVerifier(receipts.vkey);
    return {
      log,
      origin,
      logVerifier: noteVerifier(noteSigner(generateSignerKey(log, seedOf(cluster.logKey))).vkey),
      receiptVerifier,
      ...(await ledgerRows(read)),
      payloads: await payloadRows(client),
      ...(await productRows(read)),
      ...(await journalEvidence(cluster.journal.path, receiptVerifier)),
      outages,
      guard: guardOf(cluster.guardFolder),
      guardSizes,
    };
  } finally {
    await client.end();
  }
}

type Read = <Row extends pg.QueryResultRow>(text: string) => Promise<Row[]>;

const reader =
  (client: pg.Client): Read =>
  async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> =>
    (await client.query<Row>(text)).rows;

async function ledgerRows(
  read: Read,
): Promise<Pick<Evidence, 'batches' | 'sequence' | 'heads' | 'signatures' | 'tiles'>> {
  const batches = await read<{ id: string; n: number; at: string; signature: Buffer; leaves: Buffer }>(
    'SELECT batch_id AS id, n, signed_at AS at, signature, leaves FROM ledger.batch ORDER BY arrival',
  );
  const sequence = await read<{ base: string; n: number; batch: string }>(
    'SELECT base_idx AS base, n, batch_id AS batch FROM ledger.seq WHERE batch_id IS NOT NULL ORDER BY base_idx',
  );
  const heads = await read<{ size: string; previous: string | null; root: Buffer }>(
    'SELECT size, prev_size AS previous, root FROM ledger.tree_head ORDER BY size',
  );
  const signatures = await read<{ size: string; name: string; signature: Buffer }>(
    'SELECT size, key_name AS name, signature FROM ledger.head_sig ORDER BY size',
  );
  const tiles = await read<{ level: number; n: string; data: Buffer }>(
    'SELECT level, n, data FROM ledger.tile ORDER BY level, n',
  );
  return {
    batches: batches.map(({ at, ...batch }) => ({ ...batch, signedAt: Number(at) })),
    sequence: sequence.map((row) => ({ ...row, base: Number(row.base) })),
    heads: heads.map((row) => ({
      ...row,
      size: Number(row.size),
      previous: row.previous === null ? null : Number(row.previous),
    })),
    signatures: signatures.map(({ size, name, signature }) => ({ size: Number(size), keyName: name, signature })),
    tiles: tiles.map((row) => ({ ...row, n: Number(row.n) })),
  };
}

async function productRows(read: Read): Promise<Pick<Evidence, 'decisions' | 'reviews' | 'keys'>> {
  return {
    decisions: await read('SELECT id, outcome, review_id AS review FROM decision.decision'),
    reviews: await read('SELECT id, decision_id AS decision FROM oversight.review'),
    keys: await read(
      `SELECT decision_id AS decision, principal::text || '|' || encode(key, 'hex') AS name FROM decision.idempotency`,
    ),
  };
}

interface PayloadRow {
  readonly class: number;
  readonly entry: string;
  readonly batch: string;
  readonly ord: number;
  readonly body: Buffer;
}

async function payloadRows(client: pg.Client): Promise<readonly Payload[]> {
  const payloads: Payload[] = [];
  let last = { class: -1, entry: '00000000-0000-0000-0000-000000000000' };
  for (;;) {
    const { rows } = await client.query<PayloadRow>(
      `SELECT class, entry_id AS entry, batch_id AS batch, ord, body FROM ledger.payload
       WHERE part = 0 AND (class, entry_id) > ($1, $2) ORDER BY class, entry_id LIMIT ${String(CHUNK)}`,
      [last.class, last.entry],
    );
    for (const row of rows) payloads.push(payloadOf(row));
    const end = rows.at(-1);
    if (!end) return payloads;
    last = end;
  }
}

/** What our core makes of a stored payload. */
function payloadOf({ body, ...row }: PayloadRow): Payload {
  const { publicJson, seed, commitments } = decodeBody(body);
  const fields = JSON.parse(publicJson) as Parameters<typeof publicCommitments>[1];
  const open = publicCommitments(seed, fields);
  return {
    ...row,
    fields: fieldsRoot(commitments),
    opens: open.every((commitment, i) => commitments[i]?.equals(commitment)),
    outcome: fields['outcome'],
  };
}

function guardOf(folder: string): string {
  const notes = readdirSync(folder).filter((name) => name.endsWith('.checkpoint'));
  return notes.length === 1 ? readFileSync(join(folder, notes[0] ?? ''), 'utf8') : '';
}

/** The 32 secret bytes inside a signing key. */
const seedOf = (key: string): Buffer => Buffer.from(key.split('+').slice(4).join('+'), 'base64').subarray(1);
