import { metrics, type ObservableCallback } from '@opentelemetry/api';

/** Reports until the function that it answers is called. */
export function observeLoad(load: { readonly lag: () => number; readonly shed: () => number }): () => void {
  const meter = metrics.getMeter('lexecon');
  const shed = meter.createObservableCounter('lexecon.load.shed', {
    description: 'Requests refused because the event loop lagged',
  });
  const lag = meter.createObservableGauge('lexecon.load.lag', {
    description: 'Lag of the event loop as load shedding sees it',
    unit: 's',
  });
  const observeShed: ObservableCallback = (result) => result.observe(load.shed());
  const observeLag: ObservableCallback = (result) => result.observe(load.lag() / 1000);
  shed.addCallback(observeShed);
  lag.addCallback(observeLag);
  return () => {
    shed.removeCallback(observeShed);
    lag.removeCallback(observeLag);
  };
}
