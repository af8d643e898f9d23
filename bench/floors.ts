import type { Disk } from './postgres.js';
import { matching, medianOf, type Sample } from './sample.js';

export interface Floor {
  readonly name: string;
  readonly disk: Disk;
  readonly processes: number;
  readonly reached: number;
  readonly wanted: number;
  /** Whether `reached` must be at least or at most `wanted`. */
  readonly at: 'least' | 'most';
  readonly unit: '×' | 'ms' | '';
}

/** What the product promises of itself, from the medians of the rounds. What was not measured is left out. */
export function floorsOf(samples: readonly Sample[]): readonly Floor[] {
  const setups = new Map(samples.map(({ disk, processes }) => [`${disk}/${processes}`, { disk, processes }]));
  return [...setups.values()]
    .flatMap((setup) => floorsIn(samples, setup))
    .filter(({ reached }) => !Number.isNaN(reached));
}

export const isReached = ({ reached, wanted, at }: Floor): boolean =>
  at === 'least' ? reached >= wanted : reached <= wanted;

function floorsIn(samples: readonly Sample[], setup: Pick<Floor, 'disk' | 'processes'>): readonly Floor[] {
  const of = (series: Sample['series'], connections: number, figure: keyof Sample): number =>
    medianOf(samples, figure, { ...setup, series, connections });
  const busy = (series: Sample['series']): number => of(series, 64, 'rate');
  const alone = (series: Sample['series']): number => of(series, 1, 'p50');
  const errors = matching(samples, setup).reduce((sum, sample) => sum + sample.errors, 0);
  return [
    {
      ...setup,
      name: 'decisions a second, times those of the chain, 64 connections',
      reached: busy('decisions') / busy('chain'),
      wanted: 8,
      at: 'least',
      unit: '×',
    },
    {
      ...setup,
      name: 'decisions a second, times the no-op route, 64 connections',
      reached: busy('decisions') / busy('noop'),
      wanted: 0.35,
      at: 'least',
      unit: '×',
    },
    {
      ...setup,
      name: 'p99 of decisions, times their p50, 64 connections',
      reached: of('decisions', 64, 'p99') / of('decisions', 64, 'p50'),
      wanted: 8,
      at: 'most',
      unit: '×',
    },
    {
      ...setup,
      name: 'p50 of decisions against no-op plus two inserts, 1 connection',
      reached: alone('decisions'),
      wanted: alone('noop') + 2 * alone('insert'),
      at: 'most',
      unit: 'ms',
    },
    { ...setup, name: 'errors in all series', reached: errors, wanted: 0, at: 'most', unit: '' },
  ];
}
