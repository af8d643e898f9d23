import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { v7 as uuid7 } from 'uuid';
import { hmacSha256, leafHash, merkleBatch, type NoteSigner } from '@lexecon/crypto';
import {
  bytesOfUuid,
  encodeBody,
  encodeLeaf,
  type Entry,
  retentionClasses,
  sealEntry,
  signBatch,
} from '@lexecon/ledger/core';
import { ackedNow, type Journal, sentNow } from './journal.js';

/** How long a transaction sits on its arrival number, at most. */
const HOLD_MS = 3_000;
const MEMBERS = 3;
const APPEND = 'SELECT ledger.append_batch($1, $2, $3, null, null, $4, $5, $6, $7, $8, $9, $10, $11)';

/** Whose log it is: the origin and the key that signs its receipts. */
export interface LogIdentity {
  readonly origin: string;
  readonly receipts: NoteSigner;
}

export interface LateCounts {
  committed: number;
  aborted: number;
  /** Ended by another fault before they could say. */
  cut: number;
}

/** Transactions that draw an arrival number, sit on it while others commit and heads are published, and then commit or abort. */
export class LateCommitters {
  readonly counts: LateCounts = { committed: 0, aborted: 0, cut: 0 };
  readonly #workers: Promise<void>[] = [];
  #stopped = false;

  constructor(
    private readonly url: string,
    private readonly log: LogIdentity,
    private readonly journal: Journal,
  ) {}

  start(workers: number): void {
    for (let i = 0; i < workers; i++) this.#workers.push(this.#work());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      await this.#one();
      await sleep(randomInt(100));
    }
  }

  async #one(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 2_000, query_timeout: 5_000 });
    client.on('error', () => undefined);
    const batch = batchOf(this.log);
    try {
      await client.connect();
      const sent = sentNow();
      await client.query('BEGIN');
      await client.query(APPEND, batch.values);
      await sleep(randomInt(HOLD_MS));
      if (Math.random() < 0.5) {
        await client.query('ROLLBACK');
        this.counts.aborted += 1;
        for (const { id } of batch.entries) this.journal.write({ t: 'aborted', id });
      } else {
        await client.query('COMMIT');
        const acked = ackedNow();
        this.counts.committed += 1;
        for (const { id, leaf } of batch.entries) this.journal.write({ t: 'late', id, leaf, sent, acked });
      }
    } catch {
      this.counts.cut += 1;
      await sleep(100);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

interface Batch {
  readonly values: unknown[];
  readonly entries: readonly { readonly id: string; readonly leaf: string }[];
}

function batchOf({ origin, receipts }: LogIdentity): Batch {
  const tenant = hmacSha256(Buffer.from('lexecon/v1/tenant'), origin).subarray(0, 16);
  const members = Array.from({ length: MEMBERS }, () => member(tenant));
  const leaves = members.map((one) => one.leaf);
  const { root } = merkleBatch(leaves.map(leafHash));
  const batch = uuid7();
  const timeMs = Date.now();
  const signature = signBatch({ origin, batch, count: MEMBERS, root, timeMs }, receipts);
  const { byte } = retentionClasses.audit;
  return {
    entries: members.map(({ id, leaf }) => ({ id, leaf: leaf.toString('base64') })),
    values: [
      batch,
      timeMs,
      signature,
      members.map(() => byte),
      members.map((one) => one.id),
      members.map(() => 0),
      members.map((_, i) => i),
      members.map((one) => one.body),
      members.map(() => null),
      members.map(() => null),
      Buffer.concat(leaves),
    ],
  };
}

function member(tenant: Buffer): { readonly id: string; readonly leaf: Buffer; readonly body: Buffer } {
  const id = uuid7();
  const entry: Entry = {
    entryId: bytesOfUuid(id),
    timeMs: Date.now(),
    class: 'audit',
    public: { event: 'late' },
    sealed: [],
  };
  const sealed = sealEntry(entry, randomBytes);
  const { commitments, fields } = sealed;
  const { entryId, timeMs } = entry;
  const leaf = encodeLeaf({
    kind: 'audit',
    class: 'audit',
    timeMs,
    entryId,
    tenant,
    ref: null,
    count: commitments.length,
    fields,
  });
  return { id, leaf, body: encodeBody(sealed) };
}
