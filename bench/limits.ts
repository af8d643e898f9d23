import { cpus } from 'node:os';
import { type Bucket, BucketTable } from '@lexecon/resilience/core';
import { percentile, spreadOf } from './statistics.js';

/**
 * The token-bucket check in-process, over a million keys that all have a bucket. Prints markdown.
 *
 * Takes are timed in groups of 64, because a clock costs about as much as a take: a figure is a group's time by 64, and p50 is over the
 * groups of a round. Keys are drawn at random, so that hardly any is in a processor's cache.
 * - known: keys that have a bucket.
 * - refused: keys whose bucket is empty.
 * - new and evicting: keys never seen, while as many full buckets leave.
 * - overflow: keys never seen, in a table full of buckets that are not full.
 */
const KEYS = 1_000_000;
const ROUNDS = 7;
const GROUPS = 4_000;
const GROUP = 64;
const LIMIT: Bucket = { burst: 1_000, perSecond: 100 };
const SLOW: Bucket = { burst: 1, perSecond: 1e-9 };

function main(): void {
  const { version, platform, arch } = process;
  console.log(
    `Node ${version} on ${platform}/${arch}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores.`,
  );
  console.log(
    `${KEYS} keys; ${ROUNDS} rounds of ${GROUPS} groups of ${GROUP}; medians of rounds, in brackets the lowest and highest round.\n`,
  );
  const before = memory();
  const table = new BucketTable({ capacity: KEYS, key: [0x1234567, 0x7654321] });
  const names = Array.from({ length: KEYS }, (_, i) => nameOf(i));
  const slow = new BucketTable({ capacity: KEYS, key: [0x1234567, 0x7654321] });
  for (const name of names) {
    table.take(1, name, LIMIT, 500, 0);
    slow.take(1, name, SLOW, 1, 0);
  }
  const filled = memory();
  console.log('| take | p50, ns | p99, ns |');
  console.log('| --- | ---: | ---: |');
  const drawn = (): string => names[Math.floor(Math.random() * KEYS)] ?? '';
  console.log(row('known key', () => (name) => table.take(1, name, LIMIT, 1, 1), drawn));
  console.log(row('refused key', () => (name) => slow.take(1, name, SLOW, 1, 1), drawn));
  let next = KEYS;
  const fresh = (): string => nameOf((next += 1));
  console.log(row('new key in overflow', () => (name) => slow.take(1, name, SLOW, 1, 1), fresh));
  let now = 0;
  const evicting = (): ((name: string) => number) => {
    now += 60_000;
    return (name) => table.take(1, name, LIMIT, 1, (now += 0.01));
  };
  console.log(row('new key while others leave', evicting, fresh));
  const after = memory();
  table.sweep(now + 60_000);
  console.log(
    `\nMemory: ${(table.bytes / KEYS).toFixed(1)} bytes a key (${(table.bytes / 2 ** 20).toFixed(1)} MiB a table, held from the start).`,
  );
  console.log(
    `Memory outside the heap: ${before} MiB before, ${filled} with two tables filled, ${after} after ${table.evicted} evictions; ${table.size} keys left.`,
  );
}

function row(what: string, begin: () => (name: string) => number, key: () => string): string {
  round(begin(), key);
  const rounds = Array.from({ length: ROUNDS }, () => round(begin(), key));
  const cell = (share: number): string => {
    const { median, lowest, highest } = spreadOf(rounds.map((times) => percentile(times, share)));
    return `${median.toFixed(0)} (${lowest.toFixed(0)}–${highest.toFixed(0)})`;
  };
  return `| ${what} | ${cell(0.5)} | ${cell(0.99)} |`;
}

/** Nanoseconds a take, of each group. */
function round(take: (name: string) => number, key: () => string): readonly number[] {
  const times: number[] = [];
  for (let i = 0; i < GROUPS; i += 1) {
    const names = Array.from({ length: GROUP }, key);
    const begun = process.hrtime.bigint();
    for (const name of names) take(name);
    times.push(Number(process.hrtime.bigint() - begun) / GROUP);
  }
  return times;
}

/** As long as the UUID of a principal. */
const nameOf = (i: number): string => `0199f0c4-0000-7000-8000-${String(i).padStart(12, '0')}`;

const memory = (): number => Math.round(process.memoryUsage().arrayBuffers / 2 ** 20);

main();
