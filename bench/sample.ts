import type { CpuTimes } from './cpu.js';
import type { Disk } from './postgres.js';
import { type Distribution, quantile, spreadOf } from './statistics.js';
import type { Run } from './wrk.js';

/** `noop`: a route that does nothing. `decisions`: durable, with receipt. `chain`: the same route over a naive hash chain. `insert`: rows
 *  of 1 KiB straight into PostgreSQL. `new subjects`: decisions, each about another person. `idempotency keys`: each with its own. */
export const everySeries = ['noop', 'decisions', 'chain', 'insert', 'new subjects', 'idempotency keys'] as const;
export type Series = (typeof everySeries)[number];

export interface Setup {
  readonly disk: Disk;
  readonly processes: number;
  readonly connections: number;
}

/** One round of one series. Times in milliseconds, CPU in microseconds a request. */
export interface Sample extends Setup {
  readonly series: Series;
  readonly requests: number;
  readonly rate: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly errors: number;
  readonly serverCpu: number;
  readonly postgresCpu: number;
  /** Processors that were busy with something else than servers, PostgreSQL and load. */
  readonly others: number;
}

export function sampleOf(
  series: Series,
  setup: Setup,
  runs: readonly Run[],
  before: CpuTimes,
  after: CpuTimes,
): Sample {
  const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const requests = sum((run) => run.requests);
  const seconds = Math.max(...runs.map((run) => run.us)) / 1e6;
  const distributions: Distribution[] = runs.map((run) => ({ observations: run.requests, steps: run.steps }));
  const ms = (share: number): number => round(quantile(distributions, share) / 1000);
  const used = (of: keyof CpuTimes): number => after[of] - before[of];
  const others = used('machine') - used('servers') - used('postgres') - sum((run) => run.cpuSeconds);
  return {
    series,
    ...setup,
    requests,
    rate: round(sum((run) => run.requests / (run.us / 1e6))),
    p50: ms(0.5),
    p95: ms(0.95),
    p99: ms(0.99),
    max: round(Math.max(...runs.map((run) => run.max)) / 1000),
    errors: sum((run) => run.errors),
    serverCpu: round((used('servers') / requests) * 1e6),
    postgresCpu: round((used('postgres') / requests) * 1e6),
    others: round(Math.max(0, others / seconds)),
  };
}

const round = (value: number): number => Number(value.toPrecision(4));

/** Median over the rounds of one series in one setup; NaN when it was not measured there. */
export function medianOf(samples: readonly Sample[], figure: keyof Sample, wanted: Partial<Sample>): number {
  const values = matching(samples, wanted).map((sample) => Number(sample[figure]));
  return values.length === 0 ? NaN : spreadOf(values).median;
}

export const matching = (samples: readonly Sample[], wanted: Partial<Sample>): readonly Sample[] =>
  samples.filter((sample) => (Object.keys(wanted) as (keyof Sample)[]).every((key) => sample[key] === wanted[key]));
