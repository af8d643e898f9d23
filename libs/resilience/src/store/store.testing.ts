import { randomBytes } from 'node:crypto';
import type { Bucket } from '../core/index.js';
import type { BucketStore } from './bucket.store.js';

export interface StoreUnderTest {
  readonly store: BucketStore;
  /** A second replica's way to the same buckets. */
  readonly twin: BucketStore;
  /** How many buckets it keeps. */
  readonly kept: () => Promise<number>;
  /** Ends and begins again, as after a crash. */
  readonly restart?: () => Promise<void>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const freshKey = (): Buffer => randomBytes(32);
const SLOW: Bucket = { burst: 10, perSecond: 0.001 };

/** What every store of shared buckets must do; `under` gives what the surrounding suite has made. */
export function sharedBucketTests(under: () => StoreUnderTest): void {
  it('grants a burst, then says how long to wait', async () => {
    const { store } = under();
    const key = freshKey();
    for (let i = 0; i < 10; i += 1) expect(await store.take(key, SLOW, 1)).toBe(0);
    const wait = await store.take(key, SLOW, 1);
    expect(wait).toBeGreaterThan(900_000);
    expect(wait).toBeLessThanOrEqual(1_000_000);
  });

  it('grants each token once, of 200 that two replicas take at the same time', async () => {
    const { store, twin } = under();
    const key = freshKey();
    const waits = await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? store : twin).take(key, SLOW, 1)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(10);
  });

  it('takes nothing when it refuses', async () => {
    const { store } = under();
    const key = freshKey();
    await store.take(key, SLOW, 8);
    for (let i = 0; i < 5; i += 1) expect(await store.take(key, SLOW, 3)).toBeGreaterThan(0);
    expect(await store.take(key, SLOW, 2)).toBe(0);
  });

  it('fills with time', async () => {
    const { store } = under();
    const key = freshKey();
    const quick: Bucket = { burst: 2, perSecond: 10 };
    await store.take(key, quick, 2);
    const wait = await store.take(key, quick, 2);
    expect(wait).toBeGreaterThan(0);
    await sleep(wait + 20);
    expect(await store.take(key, quick, 2)).toBe(0);
  });

  it('gives back what was taken, and no more than there was', async () => {
    const { store } = under();
    const key = freshKey();
    await store.take(key, SLOW, 10);
    await store.give(key, SLOW, 1);
    expect(await store.take(key, SLOW, 1)).toBe(0);
    expect(await store.take(key, SLOW, 1)).toBeGreaterThan(0);
    for (let i = 0; i < 30; i += 1) await store.give(key, SLOW, 1);
    expect(await store.take(key, SLOW, 10)).toBe(0);
    expect(await store.take(key, SLOW, 1)).toBeGreaterThan(0);
  });

  it('forgets', async () => {
    const { store } = under();
    const key = freshKey();
    await store.take(key, SLOW, 10);
    await store.forget(key);
    expect(await store.take(key, SLOW, 10)).toBe(0);
  });

  it('counts a take larger than the bucket as the whole bucket', async () => {
    const { store } = under();
    const key = freshKey();
    expect(await store.take(key, SLOW, 50)).toBe(0);
    expect(await store.take(key, SLOW, 1)).toBeGreaterThan(0);
  });

  it('keeps no bucket that is full', async () => {
    const { store, kept } = under();
    const before = await kept();
    const quick: Bucket = { burst: 2, perSecond: 20 };
    await Promise.all(Array.from({ length: 20 }, () => store.take(freshKey(), quick, 1)));
    await sleep(150);
    expect(await kept()).toBeLessThanOrEqual(before);
  });

  it('is well, and says so', async () => {
    await expect(under().store.check()).resolves.toBeUndefined();
  });
}
