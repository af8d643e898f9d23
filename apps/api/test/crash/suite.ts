import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './cluster.js';
import { type ControlResult, runControls } from './controls.js';
import type { Evidence } from './evidence.js';
import { readEvidence } from './evidence.reader.js';
import { faultKinds } from './faults.js';
import { GuardWatch } from './guard.watch.js';
import { type LateCounts, LateCommitters } from './late-committer.js';
import { Load } from './load.js';
import { findings, type OracleName, oracleNames } from './oracle.js';
import { type Outage, outage, outageWays } from './outages.js';

export interface Sizes {
  /** Of each fault kind. */
  readonly faults: number;
  /** Entries that the log holds at the end, at least. */
  readonly entries: number;
  readonly workers: number;
  /** Rest of a worker between two requests, in milliseconds. */
  readonly paceMs: number;
  /** Most decisions in one request. */
  readonly largestBatch: number;
}

export interface Injected {
  readonly name: string;
  readonly count: number;
  /** Milliseconds until the system was whole again, for kinds where that says something. */
  readonly tookMs: readonly number[];
  readonly secondsInAll: number;
}

export interface SuiteResult {
  readonly injected: readonly Injected[];
  readonly late: LateCounts;
  readonly outages: readonly Outage[];
  readonly totals: Readonly<Record<'requests' | 'retries' | 'entries' | 'heads' | 'batches' | 'answers', number>>;
  readonly refusals: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly oracles: readonly { readonly name: OracleName; readonly found: readonly string[] }[];
  readonly controls: readonly ControlResult[];
  /** Exit codes of the servers when they were asked to leave under load. */
  readonly left: readonly (number | null)[];
  readonly seconds: number;
}

const LATE_WORKERS = 2;
const SETTLED_WITHIN_MS = 30_000;

/** The whole suite: every fault kind under load, late committers throughout, outages of PostgreSQL, then the oracles and their
 *  controls. `log` gets a line per step. */
export async function crashSuite(sizes: Sizes, log: (line: string) => void): Promise<SuiteResult> {
  const began = performance.now();
  const cluster = await Cluster.start();
  log(`two servers and PostgreSQL are up; logs in ${cluster.folder}`);
  let keep = true;
  try {
    const result = await onCluster(cluster, sizes, log, began);
    keep = result.oracles.some(({ found }) => found.length > 0);
    return result;
  } finally {
    if (keep) log(`kept for a look: ${cluster.folder}`);
    await cluster.remove(keep);
  }
}

async function onCluster(
  cluster: Cluster,
  sizes: Sizes,
  log: (line: string) => void,
  began: number,
): Promise<SuiteResult> {
  const ports = cluster.servers.map((server) => server.port);
  const load = new Load(ports, cluster.apiKey, cluster.journal, sizes.paceMs, sizes.largestBatch);
  const late = new LateCommitters(cluster.postgres.url, cluster.identity, cluster.journal);
  const guard = new GuardWatch(cluster.guardFolder);
  try {
    const happened = await underLoad(cluster, load, late, sizes, log);
    await load.stop();
    await settled(cluster);
    guard.stop();
    await Promise.all(cluster.servers.map((server) => server.end('SIGTERM')));
    log('settled; reading the evidence');
    const evidence = await readEvidence(cluster, { outages: happened.outages, guardSizes: guard.sizes });
    const oracles = oracleNames.map((name) => ({ name, found: findings(name, evidence) }));
    log('oracles asked; falsifying the evidence for the controls');
    return {
      ...happened,
      late: late.counts,
      totals: totalsOf(evidence, load),
      refusals: Object.fromEntries([...load.refusals].map(([phase, counts]) => [phase, Object.fromEntries(counts)])),
      oracles,
      controls: runControls(evidence),
      seconds: (performance.now() - began) / 1_000,
    };
  } finally {
    guard.stop();
    await Promise.all([load.abandon(), late.stop()]);
  }
}

/** Everything that is done to the system while clients ask. */
async function underLoad(
  cluster: Cluster,
  load: Load,
  late: LateCommitters,
  sizes: Sizes,
  log: (line: string) => void,
): Promise<Pick<SuiteResult, 'injected' | 'outages' | 'left'>> {
  load.start(sizes.workers);
  late.start(LATE_WORKERS);
  await sleep(1_000);
  const injected = await injectAll(cluster, load, late, sizes, log);
  await late.stop();
  const outages: Outage[] = [];
  for (const way of outageWays) {
    outages.push(await outage(way, cluster, load));
    log(describeOutage(outages.at(-1)));
  }
  load.enter('filling up');
  while (load.entries < sizes.entries) await sleep(200);
  load.enter('leaving');
  return { injected, outages, left: await leaveUnderLoad(cluster) };
}

async function injectAll(
  cluster: Cluster,
  load: Load,
  late: LateCommitters,
  { faults }: Sizes,
  log: (line: string) => void,
): Promise<readonly Injected[]> {
  const injected: Injected[] = [];
  for (const kind of faultKinds) {
    load.enter(kind.name);
    const began = performance.now();
    const tookMs: number[] = [];
    for (let i = 0; i < faults; i++) {
      const took = await kind.inject(cluster);
      if (took !== undefined) tookMs.push(Math.round(took));
    }
    const secondsInAll = (performance.now() - began) / 1_000;
    injected.push({ name: kind.name, count: faults, tookMs, secondsInAll });
    log(`${String(faults)} × ${kind.name}: ${secondsInAll.toFixed(0)} s; ${String(load.entries)} entries so far`);
  }
  load.enter('late committers');
  const began = performance.now();
  while (Math.min(late.counts.committed, late.counts.aborted) < faults) await sleep(50);
  log(`late committers: ${JSON.stringify(late.counts)}, ${((performance.now() - began) / 1_000).toFixed(0)} s more`);
  return injected;
}

/** Each server in turn is asked to leave while clients ask; it is started again so that every request finds somebody. */
async function leaveUnderLoad({ servers }: Cluster): Promise<readonly (number | null)[]> {
  const codes: (number | null)[] = [];
  for (const server of servers) {
    codes.push(await server.end('SIGTERM'));
    await server.start();
  }
  return codes;
}

/** Resolves when every batch has its index and the newest head is published. */
async function settled(cluster: Cluster): Promise<void> {
  for (const end = Date.now() + SETTLED_WITHIN_MS; Date.now() < end;) {
    const [row] = await cluster
      .query<{ waiting: string; behind: boolean }>(
        `
      SELECT (SELECT count(*) FROM ledger.batch b WHERE NOT EXISTS (SELECT 1 FROM ledger.seq s WHERE s.batch_id = b.batch_id)) AS waiting,
        (SELECT max(size) FROM ledger.tree_head) IS DISTINCT FROM (SELECT max(size) FROM ledger.head_sig) AS behind`,
      )
      .catch(() => []);
    if (row?.waiting === '0' && !row.behind) return;
    await sleep(200);
  }
}

const totalsOf = (evidence: Evidence, load: Load): SuiteResult['totals'] => ({
  requests: load.requests,
  retries: load.retries,
  entries: evidence.sequence.reduce((sum, { n }) => sum + n, 0),
  heads: evidence.heads.length,
  batches: evidence.batches.length,
  answers: evidence.answers.length,
});

const describeOutage = (one: Outage | undefined): string =>
  one
    ? `${one.name}: decisions again after ${String(one.resumedAfterMs)} ms, answers ${JSON.stringify(one.answers)}`
    : '';
