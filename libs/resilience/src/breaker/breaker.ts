import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type IPolicy,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { ProblemError } from '@lexecon/auth';

export interface BreakerOptions {
  /** A call that takes longer has failed; its signal is aborted. Milliseconds, default 5 000. */
  readonly timeoutMs?: number;
  /** When it opens: after so many failures in a row (default: 5), or when a share (0 to 1) of the calls of the last milliseconds failed
   *  (and there were at least `callsPerSecond` of them). */
  readonly opens?:
    | { readonly afterFailures: number }
    | { readonly share: number; readonly ofLastMs: number; readonly callsPerSecond: number };
  /** How long it stays open before one call may try again. Milliseconds, default 10 000. */
  readonly openMs?: number;
  /** Which errors say that the other side is not well. An answer that refuses us (`invalid_grant`) says that it is: it passes through
   *  as it is and counts as a success. Default: every error but a ProblemError. */
  readonly isFailure?: (error: unknown) => boolean;
}

export type BreakerState = 'closed' | 'open' | 'half_open';

/** The other side does not answer, or was not even asked because it did not answer lately. `cause` has what it did say. */
export class DependencyUnavailable extends ProblemError {
  constructor(
    readonly dependency: string,
    retryAfter: number,
    override readonly cause: unknown,
  ) {
    super({
      status: 503,
      type: 'dependency-unavailable',
      title: 'Something that is needed does not answer',
      detail: `${dependency} does not answer at the moment.`,
      retryAfter,
    });
  }
}

type Call<T> = (signal: AbortSignal) => Promise<T>;

/** A circuit breaker with a time-out around the calls to one other system. */
export class Breaker {
  private readonly circuit: CircuitBreakerPolicy;
  private readonly policy: IPolicy;
  private readonly openMs: number;
  private readonly isFailure: (error: unknown) => boolean;

  constructor(
    readonly name: string,
    { timeoutMs = 5_000, opens = { afterFailures: 5 }, openMs = 10_000, isFailure = isUnexpected }: BreakerOptions = {},
    onChange: (state: BreakerState) => void = () => undefined,
  ) {
    this.openMs = openMs;
    this.isFailure = isFailure;
    this.circuit = circuitBreaker(
      handleWhen((error) => this.counts(error)),
      { halfOpenAfter: openMs, breaker: breakerOf(opens) },
    );
    this.circuit.onStateChange((state) => onChange(states[state]));
    this.policy = wrap(this.circuit, timeout(timeoutMs, TimeoutStrategy.Aggressive));
  }

  get state(): BreakerState {
    return states[this.circuit.state];
  }

  /** Answers what `call` answers. Rejects with DependencyUnavailable (503, Retry-After) when it fails, takes too long, or is not made
   *  because the breaker is open; with the caller's reason when `signal` is aborted, which is no failure. `call` should hand its
   *  signal on. While the breaker is half open one call is made, and the others are refused at once. */
  async execute<T>(call: Call<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.circuit.state === CircuitState.HalfOpen) throw this.unavailable(new BrokenCircuitError());
    try {
      return await this.policy.execute((context) => callUntil(call, context.signal, signal));
    } catch (error) {
      if (error instanceof CallerLeft) throw error.reason;
      throw this.counts(error) || error instanceof BrokenCircuitError ? this.unavailable(error) : error;
    }
  }

  private counts(error: unknown): boolean {
    return !(error instanceof CallerLeft) && !(error instanceof BrokenCircuitError) && this.isFailure(error);
  }

  private unavailable(cause: unknown): DependencyUnavailable {
    return new DependencyUnavailable(this.name, Math.max(1, Math.ceil(this.openMs / 1000)), cause);
  }
}

/** The caller does not want the answer any more: nobody's failure. */
class CallerLeft extends Error {
  constructor(readonly reason: Error) {
    super('the caller left');
  }
}

/** The caller's signal stays outside the policy, which could not tell it from its own time-out. */
async function callUntil<T>(call: Call<T>, timedOut: AbortSignal, left?: AbortSignal): Promise<T> {
  if (!left) return call(timedOut);
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(new CallerLeft(reasonOf(left)));
  left.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([call(AbortSignal.any([timedOut, left])), promise]);
  } finally {
    left.removeEventListener('abort', leave);
  }
}

const reasonOf = ({ reason }: AbortSignal): Error =>
  reason instanceof Error ? reason : new Error('aborted', { cause: reason });

const isUnexpected = (error: unknown): boolean => !(error instanceof ProblemError);

const breakerOf = (opens: NonNullable<BreakerOptions['opens']>): ConsecutiveBreaker | SamplingBreaker =>
  'afterFailures' in opens
    ? new ConsecutiveBreaker(opens.afterFailures)
    : new SamplingBreaker({ threshold: opens.share, duration: opens.ofLastMs, minimumRps: opens.callsPerSecond });

const states: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Isolated]: 'open',
};
