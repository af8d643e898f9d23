import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { HealthContribution, HealthPart, HealthStatus } from './health.contribution.js';

/** Injection token: the contribution classes that `HealthModule.of` was given. */
export const CONTRIBUTIONS = Symbol('health contributions');

const TIMEOUT_MS = 500;
const CACHE_MS = 1000;

export interface Answer {
  readonly name: string;
  readonly parts: readonly HealthPart[];
  readonly status: HealthStatus;
  readonly latencyMs: number;
  /** Differs between two runs of the check, stays the same while the answer comes from the cache. */
  readonly run: number;
}

/** Asks the contributions over Terminus: each at most once a second and for at most 500 ms, however many callers there are. */
@Injectable()
export class HealthChecks implements OnModuleInit {
  private contributions: readonly HealthContribution[] = [];
  private readonly runs = new Map<string, number>();

  constructor(
    @Inject(CONTRIBUTIONS) private readonly classes: readonly Type<HealthContribution>[],
    private readonly modules: ModuleRef,
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Throws, so that the boot fails, when a contribution is provided by no module. */
  onModuleInit(): void {
    this.contributions = this.classes.map((type) => this.modules.get<HealthContribution>(type, { strict: false }));
  }

  /** Never rejects: what cannot be asked is down. */
  async ask(part: HealthPart): Promise<readonly Answer[]> {
    const asked = this.contributions.filter((contribution) => contribution.parts.includes(part));
    const answers: Answer[] = [];
    await this.terminus
      .check(asked.map((contribution) => () => this.once(contribution, answers)))
      .catch(() => undefined);
    return answers.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private async once(
    contribution: HealthContribution,
    answers: Answer[],
  ): Promise<Record<string, { status: HealthStatus }>> {
    const { name, parts } = contribution;
    const result = await this.indicators
      .check(name)
      .attempt(async () => {
        this.runs.set(name, (this.runs.get(name) ?? 0) + 1);
        return { said: await contribution.check() };
      })
      .withTimeout(TIMEOUT_MS)
      .cacheFor(CACHE_MS);
    const seen = result[name];
    const status = seen?.status === 'up' ? saidBy(seen) : 'down';
    answers.push({ name, parts, status, latencyMs: latencyOf(seen), run: this.runs.get(name) ?? 0 });
    return { [name]: { status } };
  }
}

const saidBy = (seen: object): HealthStatus => {
  const said = 'said' in seen ? seen.said : 'down';
  return said === 'up' || said === 'degraded' ? said : 'down';
};

const latencyOf = (seen: object | undefined): number =>
  seen && 'responseTime' in seen && typeof seen.responseTime === 'number' ? seen.responseTime : TIMEOUT_MS;
