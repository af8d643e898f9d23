/** How often in a row a check must fail before a serving instance leaves, and pass before it comes back. */
export interface Thresholds {
  readonly failures: number;
  readonly successes: number;
}

/** `streak` counts the answers in a row that disagree with `serving`. */
export interface Footing {
  readonly serving: boolean;
  readonly streak: number;
}

/** Before the first answer: not serving, and begins at once when that answer is a pass. */
export const unproven = ({ successes }: Thresholds): Footing => ({ serving: false, streak: successes - 1 });

/** The footing after one more answer: a single blip neither takes an instance out nor brings it back. */
export function step({ serving, streak }: Footing, passed: boolean, { failures, successes }: Thresholds): Footing {
  if (passed === serving) return { serving, streak: 0 };
  const needed = serving ? failures : successes;
  return streak + 1 >= needed ? { serving: passed, streak: 0 } : { serving, streak: streak + 1 };
}
