import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ThrottlerGuard, ThrottlerModule, ThrottlerStorage } from '@nestjs/throttler';
import type { DynamicModule } from '@nestjs/common';

const MINUTE_MS = 60_000;

/** So many requests a minute for one address to everything under /api/v1/auth; the rest of the API is not counted. Counts in this
 *  process only. */
export const signInThrottle = (perMinute: number): DynamicModule =>
  ThrottlerModule.forRoot({ throttlers: [{ ttl: MINUTE_MS, limit: perMinute }] });

interface Routed {
  readonly routeOptions: { readonly url?: string };
}

/** Throws ThrottlerException (429, with Retry-After) over the limit. */
@Injectable()
export class SignInGuard extends ThrottlerGuard {
  protected override headerPrefix = 'RateLimit';

  override canActivate(context: ExecutionContext): Promise<boolean> {
    // The route, not the address as it was written: that has many spellings (%61uth, http://host/api/…).
    const { routeOptions } = context.switchToHttp().getRequest<Routed>();
    return routeOptions.url?.startsWith('/api/v1/auth/') === true ? super.canActivate(context) : allowed;
  }
}

const allowed = Promise.resolve(true);

/** The rate limiter counts. */
@Injectable()
export class RateLimiterHealth {
  readonly name = 'rate_limiter';
  readonly parts = ['health'] as const;

  constructor(@Inject(ThrottlerStorage) private readonly storage: ThrottlerStorage) {}

  async check(): Promise<'up' | 'down'> {
    const { totalHits } = await this.storage.increment('health', MINUTE_MS, Number.MAX_SAFE_INTEGER, 0, 'health');
    return totalHits > 0 ? 'up' : 'down';
  }
}
