import { type Disk, disks } from './postgres.js';
import { Rig } from './rig.js';
import type { Sample, Series } from './sample.js';

export interface Plan {
  readonly disks: readonly Disk[];
  readonly processes: readonly number[];
  readonly connections: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  /** Of decisions, before anything is measured: until then V8 is still compiling. */
  readonly warmUpSeconds: number;
  /** Whether plain inserts, new subjects and idempotency keys are measured under load, too. */
  readonly more: boolean;
}

/** What docs/performance.md shows. */
export const fullPlan: Plan = {
  disks,
  processes: [1, 2],
  connections: [1, 16, 64, 256],
  rounds: 5,
  seconds: 1,
  warmUpSeconds: 8,
  more: true,
};

/** Enough to see what a change of the code does. */
export const quickPlan: Plan = {
  disks,
  processes: [1],
  connections: [64, 1],
  rounds: 4,
  seconds: 2,
  warmUpSeconds: 10,
  more: false,
};

/** Series that are told apart at every concurrency, and those that only some are measured with. */
const ALWAYS: readonly Series[] = ['noop', 'decisions', 'chain'];
const ALONE: readonly Series[] = ['insert'];
const BUSY: readonly Series[] = ['insert', 'new subjects', 'idempotency keys'];

/** Every setup, all its series interleaved: each round takes them in another order. `tell` gets a line a setup. */
export async function throughput(plan: Plan, tell: (line: string) => void): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const disk of plan.disks) {
    const rig = await Rig.start(disk);
    try {
      for (const processes of plan.processes) {
        while (rig.servers.length < processes) await rig.addServer();
        await warmUp(rig, plan.warmUpSeconds);
        for (const connections of plan.connections)
          samples.push(...(await rounds(rig, plan, processes, connections, tell)));
      }
    } finally {
      await rig.stop();
    }
  }
  return samples;
}

async function warmUp(rig: Rig, seconds: number): Promise<void> {
  const setup = { disk: rig.disk, processes: rig.servers.length, connections: 64 };
  for (const series of ALWAYS) await rig.measure(series, setup, series === 'decisions' ? seconds : 2);
}

async function rounds(
  rig: Rig,
  plan: Plan,
  processes: number,
  connections: number,
  tell: (line: string) => void,
): Promise<readonly Sample[]> {
  const series = seriesFor(plan, processes, connections);
  const samples: Sample[] = [];
  for (let round = 0; round < plan.rounds; round++)
    for (const one of rotated(series, round))
      samples.push(await rig.measure(one, { disk: rig.disk, processes, connections }, plan.seconds));
  const rates = series.map((one) => `${one} ${mean(samples.filter((sample) => sample.series === one))}/s`);
  tell(`disk ${rig.disk}, ${processes} process(es), ${connections} connection(s): ${rates.join(', ')}`);
  return samples;
}

function seriesFor({ more }: Plan, processes: number, connections: number): readonly Series[] {
  if (connections === 1) return [...ALWAYS, ...ALONE];
  return more && processes === 1 && connections === 64 ? [...ALWAYS, ...BUSY] : ALWAYS;
}

const rotated = <T>(values: readonly T[], by: number): readonly T[] => {
  const at = by % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
};

const mean = (samples: readonly Sample[]): string =>
  (samples.reduce((sum, sample) => sum + sample.rate, 0) / samples.length).toFixed(0);
