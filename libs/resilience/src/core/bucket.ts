/** A token bucket: so many tokens at once, and so many come back each second. Both above 0. */
export interface Bucket {
  readonly burst: number;
  readonly perSecond: number;
}

/** Milliseconds in which an empty bucket fills. */
export const fillMs = ({ burst, perSecond }: Bucket): number => (burst / perSecond) * 1000;

/** What a bucket holds, as one number: when it is full again (`fullAt`, in the milliseconds of `now`). At or before `now` it is full,
 *  and a full bucket is equal to one that was never used: it need not be kept. */
export const tokensLeft = ({ burst, perSecond }: Bucket, fullAt: number, now: number): number =>
  burst - (Math.max(0, fullAt - now) * perSecond) / 1000;

/** `fullAt` after `tokens` were taken; nothing is said about whether they were there. More than a burst counts as a burst. */
export const fullAfter = ({ burst, perSecond }: Bucket, fullAt: number, tokens: number, now: number): number =>
  Math.max(fullAt, now) + (Math.min(tokens, burst) / perSecond) * 1000;

/** Milliseconds until those tokens are there; 0 when they are. `after` is what fullAfter answered for them. */
export function waitMs(bucket: Bucket, after: number, now: number): number {
  const missing = after - now - fillMs(bucket);
  return missing > ROUNDING_MS ? missing : 0;
}

/** A thousandth of a millisecond is no token: sums of floating-point times differ by less, also after years of running. */
const ROUNDING_MS = 1e-3;
