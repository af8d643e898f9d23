import { Injectable } from '@nestjs/common';
import { SharedLimits } from '../store/shared-limits.js';
import { Limits } from './limits.js';

/** Above this share of its places in use a table is about to make new keys share a bucket. */
const NEARLY_FULL = 0.95;

/** Degraded when the shared store does not answer (nobody can sign in; decisions go on), or the places for buckets run out. */
@Injectable()
export class RateLimiterHealth {
  readonly name = 'rate_limiter';
  readonly parts = ['health'] as const;

  constructor(
    private readonly limits: Limits,
    private readonly shared: SharedLimits,
  ) {}

  async check(): Promise<'up' | 'degraded'> {
    const roomy = [this.limits.accounts, this.limits.addresses].every((table) => {
      table.sweep(performance.now());
      return table.size < table.capacity * NEARLY_FULL;
    });
    const answers = await this.shared.check().then(
      () => true,
      () => false,
    );
    return roomy && answers ? 'up' : 'degraded';
  }
}
