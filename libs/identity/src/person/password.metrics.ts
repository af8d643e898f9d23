import { type Attributes, type Histogram, metrics } from '@opentelemetry/api';

/** Milliseconds from around one Argon2 hash of the default cost to a queue of them. */
const BUCKETS = [5, 10, 20, 30, 50, 75, 100, 150, 250, 500, 1_000, 2_500, 5_000].map((ms) => ms / 1_000);

const histogram = (name: string, description: string): Histogram =>
  metrics
    .getMeter('lexecon')
    .createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: BUCKETS } });

/** Instruments of one part of the server; made when it is, after the metrics SDK. */
export const passwordMetrics = () => ({
  /** Checking a password, with what waits before it, under `lexecon.auth.mode` async or sync. */
  verify: histogram('lexecon.auth.password.verify.duration', 'Checking one password, waiting included.'),
});

export const loginMetrics = () => ({
  /** First step of signing in, whatever came of it. */
  login: histogram('lexecon.auth.login.duration', 'The first step of signing in, from request to answer.'),
});

/** Resolves as `work` does; its seconds go into the histogram either way, under `lexecon.auth.result` ok or refused. */
export async function timed<T>(into: Histogram, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  let result = 'refused';
  try {
    const done = await work();
    result = 'ok';
    return done;
  } finally {
    into.record((performance.now() - started) / 1_000, { ...attributes, 'lexecon.auth.result': result });
  }
}
