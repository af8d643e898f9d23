import { Inject, Injectable } from '@nestjs/common';
import { type Footing, step, unproven } from './core/index.js';
import { type Answer, HealthChecks } from './health.checks.js';
import type { HealthFacts, HealthStatus } from './health.contribution.js';

/** Injection token: the version and policy set that /health shows. */
export const FACTS = Symbol('health facts');

const THRESHOLDS = { failures: 3, successes: 2 };

export type Word = 'healthy' | 'degraded' | 'unhealthy';

export interface HealthReport {
  readonly status: Word;
  readonly components: Readonly<Record<string, { readonly status: Word; readonly latency_ms: number }>>;
  readonly uptime_seconds: number;
  readonly timestamp: string;
  readonly version: string;
  readonly policy_set: string | null;
}

export interface Readiness {
  readonly status: 'ready' | 'starting' | 'draining' | 'not-ready';
  /** Names of what keeps this instance from serving. */
  readonly waitingFor: readonly string[];
}

@Injectable()
export class HealthService {
  private readonly startedAt = performance.now();
  private readonly footings = new Map<string, { readonly run: number; readonly footing: Footing }>();
  private draining = false;
  private wasReady = false;

  constructor(
    private readonly checks: HealthChecks,
    @Inject(FACTS) private readonly facts: HealthFacts,
  ) {}

  /** From now on this instance is not ready: the load balancer stops sending before the listener closes. */
  drain(): void {
    this.draining = true;
  }

  async report(): Promise<HealthReport> {
    const answers = await this.checks.ask('health');
    return {
      status: overall(answers),
      components: Object.fromEntries(
        answers.map(({ name, status, latencyMs }) => [name, { status: words[status], latency_ms: latencyMs }]),
      ),
      uptime_seconds: Math.floor((performance.now() - this.startedAt) / 1000),
      timestamp: new Date().toISOString(),
      version: this.facts.version,
      policy_set: this.facts.policySet(),
    };
  }

  async readiness(): Promise<Readiness> {
    if (this.draining) return { status: 'draining', waitingFor: [] };
    const waitingFor = (await this.checks.ask('ready'))
      .filter((answer) => !this.serves(answer))
      .map(({ name }) => name);
    if (waitingFor.length > 0) return { status: this.wasReady ? 'not-ready' : 'starting', waitingFor };
    this.wasReady = true;
    return { status: 'ready', waitingFor };
  }

  /** `unhealthy` also when nobody provides a second factor: what cannot be asked does not work. */
  async secondFactor(): Promise<Word> {
    const answers = await this.checks.ask('mfa');
    return answers.length > 0 && answers.every(({ status }) => status === 'up') ? 'healthy' : 'unhealthy';
  }

  private serves({ name, status, run }: Answer): boolean {
    const known = this.footings.get(name) ?? { run: 0, footing: unproven(THRESHOLDS) };
    if (known.run === run) return known.footing.serving;
    const footing = step(known.footing, status !== 'down', THRESHOLDS);
    this.footings.set(name, { run, footing });
    return footing.serving;
  }
}

const words = { up: 'healthy', degraded: 'degraded', down: 'unhealthy' } as const satisfies Record<HealthStatus, Word>;

function overall(answers: readonly Answer[]): Word {
  if (answers.some(({ status, parts }) => status === 'down' && parts.includes('ready'))) return 'unhealthy';
  return answers.every(({ status }) => status === 'up') ? 'healthy' : 'degraded';
}
