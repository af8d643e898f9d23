import type { Bucket } from '../core/index.js';

/** Token buckets that all replicas share. A key is 32 bytes that say nothing. Each call is one atomic operation of the store, by the
 *  store's clock; all of them reject when it does not answer. */
export interface BucketStore {
  /** Answers 0 when the tokens were there and are taken, else the milliseconds until they are. */
  take(key: Buffer, bucket: Bucket, tokens: number): Promise<number>;
  /** Gives tokens back that were taken; never more than the bucket holds. */
  give(key: Buffer, bucket: Bucket, tokens: number): Promise<void>;
  /** The bucket is full again. */
  forget(key: Buffer): Promise<void>;
  /** Resolves when the store answers and can be relied on. */
  check(): Promise<void>;
}
