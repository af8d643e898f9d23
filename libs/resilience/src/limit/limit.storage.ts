import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Limits } from './limits.js';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** The kind of buckets made by what asks the throttler itself, as no route of ours does. */
const OTHER = 1000;

/** The throttler's own door to the same buckets: `limit` hits in `ttl` milliseconds are a bucket of that size which fills in that time. */
@Injectable()
export class LimitStorage implements ThrottlerStorage {
  constructor(private readonly limits: Limits) {}

  increment(key: string, ttl: number, limit: number): Promise<ThrottlerRecord> {
    const bucket = { burst: limit, perSecond: (limit / ttl) * 1000 };
    const left = this.limits.accounts.take(OTHER, key, bucket, 1, performance.now());
    const wait = left < 0 ? Math.ceil(-left / 1000) : 0;
    return Promise.resolve({
      totalHits: left < 0 ? limit + 1 : Math.ceil(limit - left),
      timeToExpire: Math.ceil((limit - Math.max(0, left)) / bucket.perSecond),
      isBlocked: left < 0,
      timeToBlockExpire: wait,
    });
  }
}
