import { floorsOf, isReached } from './floors.js';
import type { Machine } from './machine.js';
import type { Profile } from './profile.js';
import type { Proofs } from './proofs.js';
import { everySeries, matching, type Sample, type Series } from './sample.js';
import { spreadOf } from './statistics.js';

export function machineLine({ at, commit, processor, cores, memoryGiB, kernel, node, loadAverage }: Machine): string {
  const day = at.slice(0, 16).replace('T', ' ');
  return `${day} UTC, commit ${commit}: ${processor}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}; load average before the run ${loadAverage}.`;
}

export function floorsTable(samples: readonly Sample[]): string {
  const rows = floorsOf(samples).map((floor) => {
    const bound = `${floor.at === 'least' ? '≥' : '≤'} ${amount(floor.wanted)}${floor.unit}`;
    const verdict = isReached(floor) ? 'reached' : '**falls short**';
    return [floor.disk, String(floor.processes), floor.name, bound, `${amount(floor.reached)}${floor.unit}`, verdict];
  });
  return table(['disk', 'processes', 'floor', 'wanted', 'reached', ''], rows);
}

/** One table a setup of disk and processes. */
export function throughputTables(samples: readonly Sample[]): string {
  const setups = new Map(samples.map(({ disk, processes }) => [`${disk}/${processes}`, { disk, processes }]));
  return [...setups.values()]
    .map(({ disk, processes }) => {
      const title = `**Disk: ${disk}. ${processes === 1 ? 'One server process' : `${processes} server processes`}.**`;
      return `${title}\n\n${setupTable(matching(samples, { disk, processes }))}`;
    })
    .join('\n\n');
}

function setupTable(samples: readonly Sample[]): string {
  const concurrencies = [...new Set(samples.map((sample) => sample.connections))].sort((a, b) => a - b);
  const rows = concurrencies.flatMap((connections) =>
    everySeries
      .map((series) => matching(samples, { connections, series }))
      .filter((rounds) => rounds.length > 0)
      .map((rounds) => rowOf(connections, rounds)),
  );
  const head = [
    'connections',
    'series',
    'a second',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'CPU µs server',
    'CPU µs PostgreSQL',
  ];
  return table(head, rows);
}

function rowOf(connections: number, rounds: readonly Sample[]): string[] {
  const cell = (of: (sample: Sample) => number): string => {
    const { median, lowest, highest } = spreadOf(rounds.map(of));
    return `${amount(median)} [${amount(lowest)}, ${amount(highest)}]`;
  };
  const [first] = rounds;
  const series: Series | '' = first?.series ?? '';
  return [
    String(connections),
    series,
    cell((one) => one.rate),
    cell((one) => one.p50),
    cell((one) => one.p95),
    cell((one) => one.p99),
    series === 'insert' ? '' : cell((one) => one.serverCpu),
    cell((one) => one.postgresCpu),
  ];
}

export function conditions(samples: readonly Sample[], rounds: number, seconds: number): string {
  const others = spreadOf(samples.map((sample) => sample.others));
  const total = samples.reduce((sum, sample) => sum + sample.requests, 0);
  const errors = samples.reduce((sum, sample) => sum + sample.errors, 0);
  return `${rounds} rounds of ${seconds} s each; medians, in brackets the lowest and highest round. ${grouped(total)} requests, ${errors} errors. Other programs kept ${amount(others.median)} processors busy (at most ${amount(others.highest)} in a round).`;
}

export function proofsTable({ entries, filledAt, timings }: Proofs): string {
  const rows = timings.map(({ what, samples, p50, p95 }) => [what, String(samples), amount(p50), amount(p95)]);
  return `${grouped(entries)} entries, filled through the ledger in batches of 512 at ${grouped(filledAt)} entries a second.\n\n${table(['proof', 'samples', 'p50 ms', 'p95 ms'], rows)}`;
}

export function profileTables(profiles: readonly Profile[]): string {
  return profiles.map((profile) => `${summary(profile)}\n\n${breakdown(profile)}`).join('\n\n');
}

const summary = ({ series, requests, busy, idle }: Profile): string =>
  `**${series}**: ${grouped(requests)} requests; the main thread was busy ${amount(busy)} µs a request and idle ${amount(idle)} µs.`;

function breakdown({ busy, places, functions }: Profile): string {
  const share = (us: number): string => `${((us / busy) * 100).toFixed(1)} %`;
  const first = table(
    ['where', 'µs a request', 'share'],
    places.slice(0, 20).map(({ name, us }) => [escaped(name), amount(us), share(us)]),
  );
  const second = table(
    ['function', 'where', 'µs a request', 'share'],
    functions.map(({ name, place, us }) => [escaped(name), escaped(place), amount(us), share(us)]),
  );
  return `${first}\n\n${second}`;
}

const escaped = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Three figures that matter. */
function amount(value: number): string {
  if (value >= 1000) return grouped(Math.round(Number(value.toPrecision(3))));
  return String(Number(value.toPrecision(3)));
}

/** 12 345 */
const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
