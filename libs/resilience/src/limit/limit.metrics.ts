import { metrics, type Observable, type ObservableCallback } from '@opentelemetry/api';
import type { BucketTable } from '../core/index.js';
import { routeClasses } from './route-class.js';

/** By class of route, and last by address: requests, and the largest share of a bucket in use that was seen since it was last read. */
export interface LimitCounts {
  readonly allowed: Float64Array;
  readonly rejected: Float64Array;
  readonly highest: Float64Array;
}

const classes = [...routeClasses, 'address'] as const;

/** Reports until the function that it answers is called. Counting itself costs an addition: the hot path calls no instrument. */
export function observeLimits(counts: LimitCounts, tables: Readonly<Record<string, BucketTable>>): () => void {
  const meter = metrics.getMeter('lexecon');
  const of =
    (table: (table: BucketTable) => number): ObservableCallback =>
    (result) => {
      for (const [name, one] of Object.entries(tables)) result.observe(table(one), { table: name });
    };
  const observed: readonly (readonly [Observable, ObservableCallback])[] = [
    [
      meter.createObservableCounter('lexecon.ratelimit.requests', {
        description: 'Requests that a limit let pass or refused',
      }),
      (result) => {
        for (const [at, route_class] of classes.entries()) {
          result.observe(counts.allowed[at] ?? 0, { result: 'allowed', route_class });
          result.observe(counts.rejected[at] ?? 0, { result: 'rejected', route_class });
        }
      },
    ],
    [
      meter.createObservableGauge('lexecon.ratelimit.bucket.utilization', {
        description:
          'Largest share (0 to 1) of a bucket of this class in use since the last report; 1: somebody was refused',
      }),
      (result) => {
        for (const [at, route_class] of classes.entries()) result.observe(counts.highest[at] ?? 0, { route_class });
        counts.highest.fill(0);
      },
    ],
    [
      meter.createObservableGauge('lexecon.ratelimit.keys.utilization', {
        description: 'Share (0 to 1) of the places for buckets in use; at 1 new keys share one',
      }),
      of((table) => {
        table.sweep(performance.now());
        return table.size / table.capacity;
      }),
    ],
    [
      meter.createObservableCounter('lexecon.ratelimit.evictions', { description: 'Full buckets that left' }),
      of(({ evicted }) => evicted),
    ],
    [
      meter.createObservableCounter('lexecon.ratelimit.overflows', {
        description: 'Requests counted in a shared bucket because there was no place for their own',
      }),
      of(({ overflowed }) => overflowed),
    ],
  ];
  for (const [instrument, callback] of observed) instrument.addCallback(callback);
  return () => {
    for (const [instrument, callback] of observed) instrument.removeCallback(callback);
  };
}
