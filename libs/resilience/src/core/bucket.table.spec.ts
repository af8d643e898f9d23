import fc from 'fast-check';
import { type Bucket, fillMs } from './bucket.js';
import { BucketTable } from './bucket.table.js';

const key = [0x5eed, 0x1234] as const;
const MILLION = 1_000_000;

/** A token bucket as the books have it: a level that rises with time. */
class PlainBuckets {
  readonly #levels = new Map<string, { level: number; at: number }>();

  take(key: string, { burst, perSecond }: Bucket, tokens: number, now: number): number | null {
    const { level, at } = this.#levels.get(key) ?? { level: burst, at: now };
    const risen = Math.min(burst, level + ((now - at) / 1000) * perSecond);
    const wanted = Math.min(tokens, burst);
    if (wanted > risen + 1e-6) return null;
    this.#levels.set(key, { level: risen - wanted, at: now });
    return risen - wanted;
  }
}

const bucket = fc.record({ burst: fc.integer({ min: 1, max: 50 }), perSecond: fc.integer({ min: 1, max: 200 }) });
const step = fc.record({
  key: fc.integer({ min: 0, max: 30 }),
  tokens: fc.integer({ min: 1, max: 60 }),
  pause: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0, 0, 250, 1_000, 300_000)),
});

describe('a bucket table', () => {
  it('grants a whole burst, and loses no place, after ten years of running', () => {
    const table = new BucketTable({ capacity: 64, key });
    const years = 10 * 365 * 86_400_000;
    for (let i = 0; i < 5_000; i += 1) {
      const now = years + i * 4_000.1;
      expect(table.take(1, `k${i}`, { burst: 3, perSecond: 1 + (i % 50) }, 3, now)).toBeGreaterThanOrEqual(0);
    }
    expect(table.overflowed).toBe(0);
  });

  it('grants and refuses exactly what plain token buckets do, while it has room', () => {
    fc.assert(
      fc.property(bucket, fc.array(step, { maxLength: 300 }), (limit, steps) => {
        const table = new BucketTable({ capacity: 64, key });
        const plain = new PlainBuckets();
        let now = 1_000;
        for (const { key, tokens, pause } of steps) {
          now += pause;
          const taken = table.take(1, `k${key}`, limit, tokens, now);
          const expected = plain.take(`k${key}`, limit, tokens, now);
          if (expected === null) expect(taken).toBeLessThan(0);
          else expect(taken).toBeCloseTo(expected, 4);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never grants a key more than its own bucket and the shared one hold, however few keys it has room for', () => {
    fc.assert(
      fc.property(
        bucket,
        fc.array(step, { maxLength: 300 }),
        fc.integer({ min: 1, max: 8 }),
        (limit, steps, capacity) => {
          const table = new BucketTable({ capacity, key });
          const granted = new Map<string, { readonly tokens: number; readonly at: number }[]>();
          let now = 1_000;
          for (const { key, tokens, pause } of steps) {
            now += pause;
            const name = `k${key}`;
            if (table.take(1, name, limit, tokens, now) < 0) continue;
            const all = granted.get(name) ?? [];
            all.push({ tokens: Math.min(tokens, limit.burst), at: now });
            granted.set(name, all);
          }
          // In any span of time: a burst and what came back in it, from one bucket of its own and one that it shared.
          for (const all of granted.values())
            for (let from = 0, sum = 0; from < all.length; from += 1, sum = 0)
              for (const { tokens, at } of all.slice(from)) {
                sum += tokens;
                const elapsed = at - (all[from]?.at ?? 0);
                expect(sum).toBeLessThanOrEqual(2 * (limit.burst + (elapsed * limit.perSecond) / 1000) + 1e-3);
              }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('says for how long to wait, and grants after it and not before', () => {
    fc.assert(
      fc.property(bucket, fc.integer({ min: 1, max: 60 }), (limit, tokens) => {
        const table = new BucketTable({ capacity: 8, key });
        table.take(1, 'a', limit, limit.burst, 0);
        const wait = -table.take(1, 'a', limit, tokens, 0);
        expect(wait).toBeCloseTo((Math.min(tokens, limit.burst) / limit.perSecond) * 1000, 6);
        expect(table.take(1, 'a', limit, tokens, wait - 0.5)).toBeLessThan(0);
        expect(table.take(1, 'a', limit, tokens, wait + 0.001)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('separates kinds', () => {
    const table = new BucketTable({ capacity: 8, key });
    const limit = { burst: 1, perSecond: 1 };
    expect([table.take(1, 'a', limit, 1, 0), table.take(2, 'a', limit, 1, 0)]).toEqual([0, 0]);
    expect(table.take(1, 'a', limit, 1, 0)).toBe(-1000);
  });

  it('drains what is there for what has already happened, and refuses nothing', () => {
    const table = new BucketTable({ capacity: 8, key });
    const limit = { burst: 10, perSecond: 1 };
    table.drain(1, 'a', limit, 4, 0);
    table.drain(1, 'a', limit, 100, 0);
    table.drain(1, 'a', limit, 100, 0);
    expect(table.take(1, 'a', limit, 1, 0)).toBeCloseTo(-1000, 6);
    expect(table.take(1, 'a', limit, 10, 10_001)).toBeGreaterThanOrEqual(0);
  });

  it('lets full buckets go, all of them, and has their room again', () => {
    const table = new BucketTable({ capacity: 1_000, key });
    const limit = { burst: 10, perSecond: 10 };
    for (let i = 0; i < 1_000; i += 1) table.take(1, `k${i}`, limit, 1, 0);
    expect(table.size).toBe(1_000);
    table.sweep(600);
    expect([table.size, table.evicted, table.overflowed]).toEqual([0, 1_000, 0]);
    for (let i = 0; i < 1_000; i += 1) table.take(1, `other${i}`, limit, 1, 600);
    expect([table.size, table.overflowed]).toEqual([1_000, 0]);
  });

  it('finds room for a new key without a sweep, once something is full', () => {
    const table = new BucketTable({ capacity: 100, key });
    const limit = { burst: 10, perSecond: 10 };
    for (let i = 0; i < 100; i += 1) table.take(1, `k${i}`, limit, 1 + (i % 10), 0);
    table.take(1, 'new', limit, 1, 600);
    expect(table.overflowed).toBe(0);
    expect(table.size).toBeLessThanOrEqual(100);
  });

  it('keeps what is used again, and lets it go later', () => {
    const table = new BucketTable({ capacity: 10, key });
    const limit = { burst: 10, perSecond: 1 };
    table.take(1, 'a', limit, 2, 0);
    for (let now = 0; now < 60_000; now += 1_000) table.take(1, 'a', limit, 1, now);
    table.sweep(60_000);
    expect(table.size).toBe(1);
    table.sweep(63_000);
    expect(table.size).toBe(0);
  });

  it('lets go of buckets that take longer to fill than it looks ahead', () => {
    const table = new BucketTable({ capacity: 10, key });
    const limit = { burst: 100, perSecond: 0.01 };
    table.take(1, 'a', limit, 100, 0);
    table.take(1, 'b', limit, 1, 0);
    table.sweep(101_000);
    expect(table.size).toBe(1);
    for (let now = 101_000; now < fillMs(limit); now += 100_000) {
      table.sweep(now);
      expect(table.size).toBe(1);
    }
    table.sweep(fillMs(limit) + 300_000);
    expect(table.size).toBe(0);
  });
});

describe('an attack on the buckets with a million keys', () => {
  const limit = { burst: 10, perSecond: 0.01 };
  const table = new BucketTable({ capacity: MILLION, key });
  const bytes = table.bytes;

  it('does not refill the bucket of the attacker, who used it up before he came with a million others', () => {
    for (let i = 0; i < 10; i += 1) expect(table.take(1, 'attacker', limit, 1, 0)).toBeGreaterThanOrEqual(0);
    for (let i = 1; i < MILLION; i += 1) table.take(1, `key ${i}`, limit, 1, 1 + i / 1_000);
    expect(table.take(1, 'attacker', limit, 1, 1_002)).toBeLessThan(0);
  });

  it('takes no more memory: 28.2 bytes a key, whether used or not', () => {
    expect([table.bytes, table.size]).toEqual([bytes, MILLION]);
    expect(bytes / MILLION).toBeLessThan(28.25);
  });

  it('gives a million more keys one bucket between them, and takes nothing from those that were there', () => {
    let granted = 0;
    for (let i = 0; i < MILLION; i += 1) if (table.take(1, `late ${i}`, limit, 1, 1_100) >= 0) granted += 1;
    expect(granted).toBe(limit.burst);
    expect([table.size, table.evicted, table.bytes]).toEqual([MILLION, 0, bytes]);
    let known = 0;
    for (let i = 1_000; i < MILLION; i += 1_000) if (table.take(1, `key ${i}`, limit, 1, 1_200) >= 0) known += 1;
    expect(known).toBe(999);
  });

  it('is over when their buckets are full: all leave, in the same memory, and the attacker has what time gave him back', () => {
    const later = 999_000;
    table.sweep(later);
    expect([table.size, table.bytes]).toEqual([1, bytes]);
    expect(table.take(1, 'attacker', limit, 10, later)).toBeLessThan(0);
    expect(table.take(1, 'attacker', limit, 9, later)).toBeGreaterThanOrEqual(0);
  });
});
