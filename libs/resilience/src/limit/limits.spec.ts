import { readMetrics } from '../metrics.testing.js';
import { SharedLimits } from '../store/shared-limits.js';
import type { BucketStore } from '../store/bucket.store.js';
import { RateLimiterHealth } from './limit.health.js';
import { bucketOf, isLimit } from './limit.js';
import { LimitStorage } from './limit.storage.js';
import { Limits } from './limits.js';

const MILLION = 1_000_000;
const settings = {
  LIMIT_DECISION: '5000/s:10000',
  LIMIT_READ: '100/s:500',
  LIMIT_WRITE: '20/s:100',
  LIMIT_EXPENSIVE: '30/m:30',
  LIMIT_ADDRESS: '10000/s:20000',
  SIGN_IN_REQUESTS_PER_MINUTE: 30,
  LIMIT_KEYS: 1_000,
  LIMITS_STORE: 'postgres',
  SHED_LAG_MS: 500,
};

describe('a limit as it is set', () => {
  it.each([
    ['100/s:500', { burst: 500, perSecond: 100 }],
    ['30/m', { burst: 30, perSecond: 0.5 }],
    ['1/h:5', { burst: 5, perSecond: 1 / 3600 }],
  ])('%s is a bucket', (text, bucket) => {
    expect(bucketOf(text)).toEqual(bucket);
  });

  it.each(['', '100', '0/s', '100/d', '1/s:0', '-1/s', '1.5/s', '100/s:', '999999999/s'])('%s is none', (text) => {
    expect(isLimit(text)).toBe(false);
    expect(() => bucketOf(text)).toThrow('is no limit');
  });
});

describe('the limits of a process', () => {
  it('report what they let pass, refused and hold, and stop when they are destroyed', () => {
    const reading = readMetrics();
    try {
      const limits = new Limits({ ...settings, LIMIT_EXPENSIVE: '1/h:4' });
      for (let i = 0; i < 3; i += 1) limits.takeForAccount('a', 'expensive', 1);
      limits.takeForAccount('a', 'expensive', 2);
      limits.admit('192.0.2.1');
      const values = reading.values();
      expect(values).toMatchObject({
        'lexecon.ratelimit.requests{result=allowed,route_class=expensive}': 3,
        'lexecon.ratelimit.requests{result=rejected,route_class=expensive}': 1,
        'lexecon.ratelimit.requests{result=allowed,route_class=address}': 1,
        'lexecon.ratelimit.requests{result=rejected,route_class=decision}': 0,
        'lexecon.ratelimit.bucket.utilization{route_class=expensive}': 1,
        'lexecon.ratelimit.bucket.utilization{route_class=read}': 0,
        'lexecon.ratelimit.evictions{table=account}': 0,
        'lexecon.ratelimit.overflows{table=account}': 0,
      });
      expect(values['lexecon.ratelimit.keys.utilization{table=account}']).toBe(0.001);
      expect(reading.values()['lexecon.ratelimit.bucket.utilization{route_class=expensive}']).toBe(0);
      limits.onModuleDestroy();
      expect(reading.values()).toEqual({});
    } finally {
      reading.stop();
    }
  });

  it('answer the throttler’s own questions from the same buckets', async () => {
    const storage = new LimitStorage(new Limits(settings));
    expect(await storage.increment('key', 60_000, 2)).toMatchObject({ totalHits: 1, isBlocked: false });
    await storage.increment('key', 60_000, 2);
    expect(await storage.increment('key', 60_000, 2)).toMatchObject({
      totalHits: 3,
      isBlocked: true,
      timeToBlockExpire: 30,
    });
  });

  it('are degraded when the shared store does not answer, or places run out', async () => {
    const store: BucketStore = {
      take: () => Promise.resolve(0),
      give: () => Promise.resolve(),
      forget: () => Promise.resolve(),
      check: () => Promise.resolve(),
    };
    const down: BucketStore = { ...store, check: () => Promise.reject(new Error('gone')) };
    const limits = new Limits({ ...settings, LIMIT_EXPENSIVE: '1/h' });
    await expect(new RateLimiterHealth(limits, new SharedLimits(store)).check()).resolves.toBe('up');
    await expect(new RateLimiterHealth(limits, new SharedLimits(down)).check()).resolves.toBe('degraded');
    for (let i = 0; i < 960; i += 1) limits.takeForAccount(`a${i}`, 'expensive', 1);
    await expect(new RateLimiterHealth(limits, new SharedLimits(store)).check()).resolves.toBe('degraded');
  });
});

describe('a million addresses that come at once', () => {
  it('take no place from accounts nor from addresses that are there, refill nothing, and grow nothing', () => {
    const limits = new Limits({ ...settings, LIMIT_KEYS: MILLION, SIGN_IN_REQUESTS_PER_MINUTE: 1 });
    const bytes = limits.addresses.bytes + limits.accounts.bytes;
    const attacker = '203.0.113.66';
    expect(limits.takeForAddress(attacker, 'sign-in', 1)).toBeGreaterThanOrEqual(0);
    const begun = performance.now();
    let [asked, served, refilled] = [0, 0, 0];
    const office = '198.51.100.1';
    for (let i = 0; i < MILLION; i += 1) {
      limits.takeForAddress(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 'sign-in', 1);
      if (i % 2_000 !== 0) continue;
      asked += 2;
      if (limits.takeForAccount(`account ${i % 50_000}`, 'decision', 10) >= 0) served += 1;
      if (limits.takeForAddress(office, 'read', 1) >= 0) served += 1;
      if (limits.takeForAddress(attacker, 'sign-in', 1) >= 0) refilled += 1;
    }
    expect(served / asked).toBeGreaterThanOrEqual(0.95);
    expect(refilled).toBeLessThanOrEqual(Math.ceil((performance.now() - begun) / 60_000));
    expect(limits.addresses.size).toBeLessThanOrEqual(MILLION);
    expect(limits.addresses.bytes + limits.accounts.bytes).toBe(bytes);
  }, 60_000);
});
