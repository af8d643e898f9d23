import type { Bucket } from '../core/index.js';

const LIMIT = /^([1-9]\d{0,7})\/([smh])(?::([1-9]\d{0,7}))?$/;
const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

export const isLimit = (text: string): boolean => LIMIT.test(text);

/** The bucket that a setting like `100/s:500` or `30/m` stands for. Throws when it is none. */
export function bucketOf(text: string): Bucket {
  const [, number, unit = '', burst = number] = LIMIT.exec(text) ?? [];
  if (number === undefined) throw new Error(`${text} is no limit`);
  return { burst: Number(burst), perSecond: Number(number) / (seconds[unit] ?? 1) };
}
