import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@lexecon/auth';
import { readMetrics } from '../metrics.testing.js';
import { Breaker, DependencyUnavailable } from './breaker.js';
import { BreakerHealth } from './breaker.health.js';
import { Breakers } from './breakers.js';

const broken = (): Promise<never> => Promise.reject(new Error('ECONNREFUSED 10.0.0.9'));
const well = (): Promise<string> => Promise.resolve('an answer');
const never = (): Promise<never> => new Promise(() => undefined);

async function failing(breaker: Breaker, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await breaker.execute(broken).catch(() => undefined);
}

/** A breaker that is open, and one that may try again. */
async function opened(options = {}): Promise<Breaker> {
  const breaker = new Breaker('idp', { opens: { afterFailures: 2 }, openMs: 60_000, ...options });
  await failing(breaker, 2);
  return breaker;
}
async function mayTryAgain(): Promise<Breaker> {
  const breaker = await opened({ openMs: 5 });
  await sleep(20);
  return breaker;
}

describe('a circuit breaker', () => {
  it('answers what the other side answers', async () => {
    await expect(new Breaker('idp').execute(well)).resolves.toBe('an answer');
  });

  it('makes a failed call a 503 that names the dependency and says when to try again, and keeps the cause out of it', async () => {
    const error: unknown = await new Breaker('idp').execute(broken).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DependencyUnavailable);
    expect((error as DependencyUnavailable).problem).toEqual({
      status: 503,
      type: 'dependency-unavailable',
      title: 'Something that is needed does not answer',
      detail: 'idp does not answer at the moment.',
      retryAfter: 10,
    });
    expect((error as DependencyUnavailable).cause).toEqual(new Error('ECONNREFUSED 10.0.0.9'));
  });

  it('opens after its failures in a row, and then asks nobody', async () => {
    const breaker = await opened();
    let asked = 0;
    await expect(breaker.execute(() => Promise.resolve((asked += 1)))).rejects.toBeInstanceOf(DependencyUnavailable);
    expect([breaker.state, asked]).toEqual(['open', 0]);
  });

  it('forgets failures when a call succeeds', async () => {
    const breaker = new Breaker('idp', { opens: { afterFailures: 2 } });
    await failing(breaker, 1);
    await breaker.execute(well);
    await failing(breaker, 1);
    expect(breaker.state).toBe('closed');
  });

  it('opens when a share of the calls failed, where that was asked for', async () => {
    const breaker = new Breaker('idp', { opens: { share: 0.5, ofLastMs: 10_000, callsPerSecond: 0.1 } });
    for (let i = 0; i < 4; i += 1) {
      await breaker.execute(well).catch(() => undefined);
      await failing(breaker, 2);
    }
    expect(breaker.state).toBe('open');
  });

  it('closes again when the one call that may try succeeds', async () => {
    const breaker = await mayTryAgain();
    await expect(breaker.execute(well)).resolves.toBe('an answer');
    expect(breaker.state).toBe('closed');
  });

  it('stays open when that call fails', async () => {
    const breaker = await mayTryAgain();
    await failing(breaker, 1);
    expect(breaker.state).toBe('open');
  });

  it('lets one call try while it is half open, and refuses the others at once', async () => {
    const breaker = await mayTryAgain();
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = breaker.execute(() => promise);
    expect(breaker.state).toBe('half_open');
    await expect(breaker.execute(well)).rejects.toBeInstanceOf(DependencyUnavailable);
    resolve('back');
    await expect(first).resolves.toBe('back');
  });

  it('gives up on a call that takes too long, and tells it', async () => {
    const breaker = new Breaker('idp', { timeoutMs: 5, opens: { afterFailures: 1 } });
    let signal: AbortSignal | undefined;
    const slow = breaker.execute((given) => {
      signal = given;
      return never();
    });
    await expect(slow).rejects.toBeInstanceOf(DependencyUnavailable);
    expect([signal?.aborted, breaker.state]).toEqual([true, 'open']);
  });

  it('counts no failure when the caller leaves, and tells the call', async () => {
    const breaker = new Breaker('idp', { opens: { afterFailures: 1 } });
    const caller = new AbortController();
    let signal: AbortSignal | undefined;
    const call = breaker.execute((given) => {
      signal = given;
      return never();
    }, caller.signal);
    caller.abort(new Error('gone'));
    await expect(call).rejects.toThrow('gone');
    expect([signal?.aborted, breaker.state]).toEqual([true, 'closed']);
    await expect(breaker.execute(well, caller.signal)).rejects.toThrow('gone');
  });

  it('lets an answer that refuses us pass, and does not count it', async () => {
    const refusal = new ProblemError({ status: 401, type: 'not-accepted', title: 'No' });
    const breaker = new Breaker('idp', { opens: { afterFailures: 1 } });
    await expect(breaker.execute(() => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(breaker.state).toBe('closed');
  });

  it('counts what its owner calls a failure', async () => {
    const breaker = new Breaker('idp', {
      opens: { afterFailures: 1 },
      isFailure: (error) => error instanceof Error && error.message.startsWith('E'),
    });
    await expect(breaker.execute(() => Promise.reject(new Error('invalid_grant')))).rejects.toThrow('invalid_grant');
    expect(breaker.state).toBe('closed');
    await failing(breaker, 1);
    expect(breaker.state).toBe('open');
  });
});

describe('the circuit breakers of a process', () => {
  it('are one for each name', async () => {
    const breakers = new Breakers();
    expect(breakers.named('a')).toBe(breakers.named('a'));
    expect(breakers.named('a')).not.toBe(breakers.named('b'));
  });

  it('make health degraded, not down, while one is open', async () => {
    const breakers = new Breakers();
    const health = new BreakerHealth(breakers);
    await failing(breakers.named('a'), 4);
    await expect(health.check()).resolves.toBe('up');
    await failing(breakers.named('a'), 1);
    await expect(health.check()).resolves.toBe('degraded');
    expect(breakers.broken()).toEqual(['a']);
  });

  it('show the state of each as a metric of zeros and a one, until they are destroyed', async () => {
    const reading = readMetrics();
    try {
      const breakers = new Breakers();
      breakers.named('good');
      await failing(breakers.named('bad', { opens: { afterFailures: 1 } }), 1);
      expect(reading.values()).toEqual({
        'lexecon.circuit_breaker.state{name=good,state=closed}': 1,
        'lexecon.circuit_breaker.state{name=good,state=open}': 0,
        'lexecon.circuit_breaker.state{name=good,state=half_open}': 0,
        'lexecon.circuit_breaker.state{name=bad,state=closed}': 0,
        'lexecon.circuit_breaker.state{name=bad,state=open}': 1,
        'lexecon.circuit_breaker.state{name=bad,state=half_open}': 0,
      });
      breakers.onModuleDestroy();
      expect(reading.values()).toEqual({});
    } finally {
      reading.stop();
    }
  });
});
