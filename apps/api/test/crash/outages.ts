import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import type { Load } from './load.js';

/** What one outage of PostgreSQL looked like from outside. */
export interface Outage {
  readonly name: string;
  readonly lastedMs: number;
  /** From the moment PostgreSQL took statements again to the first decision answered. */
  readonly resumedAfterMs: number;
  /** Answers during the outage and until the service was back, by status. */
  readonly answers: Readonly<Record<string, number>>;
  readonly slowestRefusalMs: number;
}

interface Way {
  readonly name: string;
  readonly lastsMs: number;
  begin(cluster: Cluster): Promise<void>;
  end(cluster: Cluster): Promise<void>;
}

const stopped = (seconds: number): Way => ({
  name: `PostgreSQL stopped for ${String(seconds)} s and started`,
  lastsMs: seconds * 1_000,
  begin: ({ postgres }) => postgres.stop(),
  end: ({ postgres }) => postgres.start(),
});

const paused = (seconds: number): Way => ({
  name: `PostgreSQL paused for ${String(seconds)} s (SIGSTOP to all of it)`,
  lastsMs: seconds * 1_000,
  begin: async ({ postgres }) => {
    postgres.pause();
  },
  end: async ({ postgres }) => {
    postgres.resume();
  },
});

/** Longer than the patience of a request (5 s) and longer than the maximum merge delay (10 s) are among them. */
export const outageWays: readonly Way[] = [stopped(2), stopped(12), paused(2), paused(7)];

const RESUMES_WITHIN_MS = 30_000;

export async function outage(way: Way, cluster: Cluster, load: Load): Promise<Outage> {
  await served(load, performance.now());
  load.enter(way.name);
  const began = performance.now();
  await way.begin(cluster);
  await sleep(way.lastsMs);
  await way.end(cluster);
  const back = performance.now();
  await served(load, back);
  const resumed = performance.now();
  await sleep(1_000);
  return {
    name: way.name,
    lastedMs: Math.round(back - began),
    resumedAfterMs: Math.round(resumed - back),
    answers: Object.fromEntries(load.refusals.get(way.name) ?? []),
    slowestRefusalMs: Math.round(load.slowestRefusal),
  };
}

/** Resolves when a decision was answered after `since`. */
async function served(load: Load, since: number): Promise<void> {
  for (const end = performance.now() + RESUMES_WITHIN_MS; load.lastAnswer < since;) {
    if (performance.now() > end) throw new Error('no decision within half a minute: the service does not resume');
    await sleep(5);
  }
}
