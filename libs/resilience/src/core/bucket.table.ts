import { type Bucket, fullAfter, tokensLeft, waitMs } from './bucket.js';
import { KeyedHash } from './keyed-hash.js';

export interface BucketTableOptions {
  /** Most keys at once, 1 to 16 777 216. Each costs 24 bytes and 4 to 8 of the index, from the start: the table never grows. */
  readonly capacity: number;
  /** 64 secret bits that nobody outside can know, so that nobody can aim at another key's bucket. */
  readonly key: readonly [number, number];
}

/** Milliseconds for which keys are put together, and how many such groups are looked ahead. */
const TICK_MS = 250;
const TICKS = 1024;
/** Buckets that are looked at in one call, so that none takes long; and in a call that finds the table full. */
const LOOKS = 4;
const MOST_LOOKS = 256;

const NONE = -1;

/** Token buckets by key, in a fixed amount of memory. Only a full bucket leaves: it is equal to none, so nobody gains by being forgotten.
 *  While the table is full of buckets that are not, keys that are not in it share one bucket for each `kind`: they are refused sooner
 *  than they should be, never later.
 *
 *  Buckets stand in groups by the time at which they will be full. A group whose time has come is looked through, a few buckets in each
 *  call: the full ones leave, those that were used meanwhile move to a later group. So each call does a bounded amount of work, and each
 *  use of a bucket causes at most one move. */
export class BucketTable {
  readonly capacity: number;
  #size = 0;
  #evicted = 0;
  #overflowed = 0;

  readonly #hash: KeyedHash;
  readonly #mask: number;
  /** First slot of each chain of the index, and of each group. */
  readonly #heads: Int32Array;
  readonly #groups = new Int32Array(TICKS).fill(NONE);
  readonly #high: Int32Array;
  readonly #low: Int32Array;
  readonly #fullAt: Float64Array;
  /** Next slot in the chain (of free slots: in the list of them), and in the group. */
  readonly #inChain: Int32Array;
  readonly #inGroup: Int32Array;
  #free = NONE;
  /** Slots that were never used begin here. */
  #unused = 0;
  /** The group that is looked through next. */
  #tick = NONE;
  readonly #shared = new Map<number, number>();

  constructor({ capacity, key }: BucketTableOptions) {
    this.capacity = capacity;
    this.#hash = new KeyedHash(key);
    const places = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.#mask = places - 1;
    this.#heads = new Int32Array(places).fill(NONE);
    this.#high = new Int32Array(capacity);
    this.#low = new Int32Array(capacity);
    this.#fullAt = new Float64Array(capacity);
    this.#inChain = new Int32Array(capacity);
    this.#inGroup = new Int32Array(capacity);
  }

  /** Keys that have a bucket. */
  get size(): number {
    return this.#size;
  }

  /** Full buckets that left, and tokens asked of a shared bucket because the table was full, since it was made. */
  get evicted(): number {
    return this.#evicted;
  }
  get overflowed(): number {
    return this.#overflowed;
  }

  /** Bytes that the table takes, used or not. */
  get bytes(): number {
    return this.capacity * 24 + this.#heads.byteLength + this.#groups.byteLength;
  }

  /** Takes `tokens` from the bucket of `key`. Answers how many are left (0 or more), or, when they were not there and nothing was taken,
   *  the milliseconds until they are, as a negative number. `kind` separates keys of the same text; its bucket is always the same.
   *  `now` in milliseconds, never less than before. */
  take(kind: number, key: string, bucket: Bucket, tokens: number, now: number): number {
    this.#look(now, LOOKS);
    this.#hash.hash(key, kind);
    const found = this.#find();
    const slot = found === NONE ? this.#claim(now) : found;
    const before = this.#before(slot, found, kind, now);
    const after = fullAfter(bucket, before, tokens, now);
    const wait = waitMs(bucket, after, now);
    if (wait > 0) return -wait;
    if (slot === NONE) this.#shared.set(kind, after);
    else if (found === NONE) this.#insert(slot, after);
    else this.#fullAt[slot] = after;
    return Math.max(0, tokensLeft(bucket, after, now));
  }

  /** Takes what is there of `tokens`, for what has already happened. */
  drain(kind: number, key: string, bucket: Bucket, tokens: number, now: number): void {
    this.#hash.hash(key, kind);
    const found = this.#find();
    const before = found === NONE ? now : Math.max(now, this.#fullAt[found] ?? now);
    const left = tokensLeft(bucket, before, now);
    if (left > 0) this.take(kind, key, bucket, Math.min(tokens, left), now);
  }

  /** Lets full buckets go that nobody's call has met: what `size` says after it is what is in use, give or take a quarter of a second. */
  sweep(now: number): void {
    this.#look(now, this.#size);
  }

  /** `fullAt` of what is asked: of the key's own bucket, of the one it shares, or that of a new one. */
  #before(slot: number, found: number, kind: number, now: number): number {
    if (slot === NONE) {
      this.#overflowed += 1;
      return this.#shared.get(kind) ?? now;
    }
    return found === NONE ? now : (this.#fullAt[slot] ?? now);
  }

  #find(): number {
    const { high, low } = this.#hash;
    let slot = this.#heads[low & this.#mask] ?? NONE;
    while (slot !== NONE && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = this.#inChain[slot] ?? NONE;
    return slot;
  }

  /** A slot that is free; NONE when every bucket is in use and not full. */
  #claim(now: number): number {
    if (this.#free === NONE && this.#unused === this.capacity) this.#look(now, MOST_LOOKS);
    const slot = this.#free;
    if (slot !== NONE) {
      this.#free = this.#inChain[slot] ?? NONE;
      return slot;
    }
    return this.#unused < this.capacity ? this.#unused++ : NONE;
  }

  #release(slot: number): void {
    this.#inChain[slot] = this.#free;
    this.#free = slot;
  }

  #insert(slot: number, fullAt: number): void {
    const { high, low } = this.#hash;
    const place = low & this.#mask;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#fullAt[slot] = fullAt;
    this.#inChain[slot] = this.#heads[place] ?? NONE;
    this.#heads[place] = slot;
    this.#size += 1;
    this.#file(slot);
  }

  /** Puts a slot in the group of its time, or in the furthest one when that is too far ahead. */
  #file(slot: number): void {
    const due = Math.floor((this.#fullAt[slot] ?? 0) / TICK_MS);
    const tick = Math.min(Math.max(due, this.#tick + 1), this.#tick + TICKS - 1);
    const group = tick % TICKS;
    this.#inGroup[slot] = this.#groups[group] ?? NONE;
    this.#groups[group] = slot;
  }

  /** Looks at up to `most` buckets whose time has come. */
  #look(now: number, most: number): void {
    const current = Math.floor(now / TICK_MS);
    if (this.#tick === NONE) this.#tick = current;
    // After a long silence every group is due: once around is enough.
    if (current - this.#tick > TICKS) this.#tick = current - TICKS;
    let looks = most;
    while (this.#tick < current) {
      const group = this.#tick % TICKS;
      for (let slot = this.#groups[group] ?? NONE; slot !== NONE; slot = this.#groups[group] ?? NONE) {
        if (looks === 0) return;
        looks -= 1;
        this.#groups[group] = this.#inGroup[slot] ?? NONE;
        if ((this.#fullAt[slot] ?? 0) <= now) this.#evict(slot);
        else this.#file(slot);
      }
      this.#tick += 1;
    }
  }

  #evict(slot: number): void {
    const place = (this.#low[slot] ?? 0) & this.#mask;
    const next = this.#inChain[slot] ?? NONE;
    let before = this.#heads[place] ?? NONE;
    if (before === slot) this.#heads[place] = next;
    else {
      while (this.#inChain[before] !== slot) before = this.#inChain[before] ?? NONE;
      this.#inChain[before] = next;
    }
    this.#release(slot);
    this.#size -= 1;
    this.#evicted += 1;
  }
}
