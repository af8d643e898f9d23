import 'reflect-metadata';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { v7 as uuid7 } from 'uuid';
import { leafHash, merkleRoot, verifyConsistency, verifyInclusion } from '@lexecon/crypto';
import { migrate } from '@lexecon/database';
import { LedgerModule, type LedgerOptions, LedgerService, ProofService } from '@lexecon/ledger';
import { type EntryKind, LEAF_BYTES } from '@lexecon/ledger/core';
import { newFolder, startPostgres } from './postgres.js';
import { percentile } from './statistics.js';

export interface Timing {
  readonly what: string;
  readonly samples: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
}

export interface Proofs {
  readonly entries: number;
  /** Entries a second while the log was filled, in batches of 512. */
  readonly filledAt: number;
  readonly timings: readonly Timing[];
}

interface Head {
  readonly logId: number;
  readonly shard: string;
  readonly size: number;
  readonly root: Buffer;
  readonly checkpoint: string;
}

const BATCH = 512;
const UNDER_WAY = 3;
const SAMPLES = 400;
const RECOMPUTED = 3;

/** Proofs over a log of `entries`, made by the product from a real database, every one of them verified. */
export async function proofs(entries: number, tell: (line: string) => void): Promise<Proofs> {
  const postgres = await startPostgres('machine');
  const folder = newFolder(tmpdir());
  const pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
  try {
    await migrate(postgres.url);
    const options = ledgerOptions(postgres.url, folder);
    const filledAt = await withLedger(options, (ledger) => fill(ledger.get(LedgerService), entries));
    const head = await withLedger(options, () => headOver(pool, entries));
    tell(`${head.size} entries, filled at ${filledAt.toFixed(0)}/s`);
    const leaves = await leavesOf(pool, head);
    const timings = [
      ...(await withLedger(options, (ledger) => inclusion(ledger.get(ProofService), head, leaves))),
      ...(await withLedger(options, (ledger) => consistency(ledger.get(ProofService), head, leaves))),
      ...(await recomputation(pool, head)),
    ];
    return { entries: head.size, filledAt: Math.round(filledAt), timings };
  } finally {
    await pool.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function ledgerOptions(url: string, folder: string): LedgerOptions {
  return {
    url,
    origin: 'bench.example',
    guard: pathToFileURL(join(folder, 'guard')).href,
    logKeyFile: join(folder, 'log.key'),
    receiptKeyFile: join(folder, 'receipt.key'),
    mayCreateKeys: true,
  };
}

/** A ledger with nothing in memory yet. */
async function withLedger<T>(options: LedgerOptions, use: (ledger: INestApplicationContext) => Promise<T>): Promise<T> {
  const ledger = await NestFactory.createApplicationContext(LedgerModule.with(options), { logger: ['error'] });
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

interface Note {
  readonly id: Buffer;
  readonly n: number;
}

/** The smallest entry there is: what is measured is the tree, not what is in it. */
const NoteKind: EntryKind<Note> = {
  name: 'audit',
  encode: ({ id, n }) => ({ entryId: id, timeMs: Date.now(), class: 'audit', public: { n }, sealed: [] }),
};

async function fill(ledger: LedgerService, entries: number): Promise<number> {
  const begun = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < entries) {
      const first = next;
      next += BATCH;
      const items = Array.from({ length: Math.min(BATCH, entries - first) }, (_, i) => ({
        kind: NoteKind,
        record: { id: Buffer.from(uuid7(undefined, new Uint8Array(16))), n: first + i },
      }));
      await ledger.append(items, { kill: 0, policy: 0 });
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, worker));
  return (entries / (performance.now() - begun)) * 1000;
}

/** The published head that covers all of them. */
async function headOver(pool: pg.Pool, entries: number): Promise<Head> {
  for (;;) {
    const { rows } = await pool.query<{ log_id: number; name: string; size: string; root: Buffer }>(
      `SELECT h.log_id, s.name, h.size, h.root FROM ledger.head_sig g JOIN ledger.tree_head h USING (log_id, size)
       JOIN ledger.shard s USING (log_id) ORDER BY h.size DESC LIMIT 1`,
    );
    const [row] = rows;
    if (row && Number(row.size) >= entries)
      return { logId: row.log_id, shard: row.name, size: Number(row.size), root: row.root, checkpoint: '' };
    await sleep(200);
  }
}

const drawn = (below: number): number => Math.floor(Math.random() * below);

async function inclusion(service: ProofService, head: Head, leaves: Buffer): Promise<readonly Timing[]> {
  const prove = async (index: number): Promise<number> => {
    const begun = performance.now();
    const { path } = await service.inclusion(head, index);
    const took = performance.now() - begun;
    const hash = leafHash(leaves.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES));
    if (!verifyInclusion({ leafHash: hash, index, size: head.size, path, root: head.root }))
      throw new Error(`the inclusion proof of entry ${index} does not verify`);
    return took;
  };
  return coldAndWarm('inclusion', head, prove);
}

async function consistency(service: ProofService, head: Head, leaves: Buffer): Promise<readonly Timing[]> {
  const prove = async (from: number): Promise<number> => {
    const begun = performance.now();
    const { path } = await service.consistency(head, from);
    const took = performance.now() - begun;
    if (from % CHECKED === 0) requireConsistent(leaves, head, from, path);
    return took;
  };
  return coldAndWarm('consistency', head, prove);
}

/** The root of an earlier size costs a recomputation, so only some are checked. */
const CHECKED = 97;

function requireConsistent(leaves: Buffer, head: Head, from: number, path: readonly Buffer[]): void {
  const proof = { oldSize: from, oldRoot: rootOf(leaves, from), newSize: head.size, newRoot: head.root, path };
  if (!verifyConsistency(proof)) throw new Error(`the consistency proof from ${from} does not verify`);
}

/** Cold: nothing of that part of the tree is in memory yet. Warm: the same parts again. */
async function coldAndWarm(
  what: string,
  { size }: Head,
  prove: (at: number) => Promise<number>,
): Promise<readonly Timing[]> {
  const places = Array.from({ length: SAMPLES }, () => 1 + drawn(size - 1));
  const round = async (name: string): Promise<Timing> => {
    const times: number[] = [];
    for (const at of places) times.push(await prove(at));
    return timing(`${what}, ${name}`, times);
  };
  return [await round('cold'), await round('warm')];
}

/** What a proof would cost without tiles: all leaves read, all hashes made. */
async function recomputation(pool: pg.Pool, head: Head): Promise<readonly Timing[]> {
  const times: number[] = [];
  for (let i = 0; i < RECOMPUTED; i++) {
    const begun = performance.now();
    const leaves = await leavesOf(pool, head);
    if (!rootOf(leaves, head.size).equals(head.root)) throw new Error('the root is not that of the leaves');
    times.push(performance.now() - begun);
  }
  return [timing('all leaves read and hashed instead', times)];
}

const rootOf = (leaves: Buffer, size: number): Buffer =>
  merkleRoot(Array.from({ length: size }, (_, i) => leafHash(leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES))));

async function leavesOf(pool: pg.Pool, { logId, size }: Head): Promise<Buffer> {
  const { rows } = await pool.query<{ leaves: Buffer }>(
    'SELECT b.leaves FROM ledger.seq s JOIN ledger.batch b USING (batch_id) WHERE s.log_id = $1 ORDER BY s.base_idx',
    [logId],
  );
  return Buffer.concat(rows.map((row) => row.leaves)).subarray(0, size * LEAF_BYTES);
}

const timing = (what: string, times: readonly number[]): Timing => ({
  what,
  samples: times.length,
  p50: Number(percentile(times, 0.5).toPrecision(3)),
  p95: Number(percentile(times, 0.95).toPrecision(3)),
});
