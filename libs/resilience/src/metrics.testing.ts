import { type Attributes, createNoopMeter, type Meter, metrics, type ObservableCallback } from '@opentelemetry/api';

export interface MetricReading {
  /** Every value under its name and its attributes: `{ 'a.b{name=x,state=open}': 1 }`. */
  readonly values: () => Readonly<Record<string, number>>;
  readonly stop: () => void;
}

/** Stands where the metrics SDK would: sums what counters are given and asks the gauges. Begin before the instruments are made. */
export function readMetrics(): MetricReading {
  const sums = new Map<string, number>();
  const gauges = new Map<string, Set<ObservableCallback>>();
  const observable = (name: string): object => {
    const callbacks = gauges.get(name) ?? new Set();
    gauges.set(name, callbacks);
    return {
      addCallback: (callback: ObservableCallback) => void callbacks.add(callback),
      removeCallback: (callback: ObservableCallback) => void callbacks.delete(callback),
    };
  };
  const meter: Meter = Object.assign(createNoopMeter(), {
    createCounter: (name: string) => ({
      add: (value: number, attributes: Attributes = {}) => {
        const key = keyOf(name, attributes);
        sums.set(key, (sums.get(key) ?? 0) + value);
      },
    }),
    createObservableGauge: observable,
    createObservableCounter: observable,
  });
  metrics.setGlobalMeterProvider({ getMeter: () => meter });
  return {
    values: () => {
      const seen = new Map(sums);
      for (const [name, callbacks] of gauges)
        for (const callback of callbacks)
          void callback({ observe: (value, attributes = {}) => void seen.set(keyOf(name, attributes), value) });
      return Object.fromEntries(seen);
    },
    stop: () => metrics.disable(),
  };
}

const keyOf = (name: string, attributes: Attributes): string =>
  `${name}{${Object.entries(attributes)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',')}}`;
