import { metrics, type ObservableCallback } from '@opentelemetry/api';
import type { Breaker, BreakerState } from './breaker.js';

const states: readonly BreakerState[] = ['closed', 'open', 'half_open'];

/** Reports the state of each breaker until the function that it answers is called: 1 for the state that it is in, 0 for the others. */
export function observeBreakers(breakers: () => Iterable<Pick<Breaker, 'name' | 'state'>>): () => void {
  const gauge = metrics.getMeter('lexecon').createObservableGauge('lexecon.circuit_breaker.state', {
    description: 'State of the circuit breakers: 1 for the state a breaker is in, 0 for the others',
  });
  const observe: ObservableCallback = (result) => {
    for (const { name, state } of breakers())
      for (const one of states) result.observe(one === state ? 1 : 0, { name, state: one });
  };
  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
}
