/** A figure over several rounds. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  return { median, lowest: sorted[0] ?? 0, highest: sorted.at(-1) ?? 0 };
}

/** A distribution as values that each stand for the same number of observations. */
export interface Distribution {
  readonly observations: number;
  readonly steps: readonly number[];
}

/** The value below which `share` (0 to 1) of all observations of these distributions are. */
export function quantile(distributions: readonly Distribution[], share: number): number {
  const points = distributions
    .flatMap(({ observations, steps }) => steps.map((value) => ({ value, weight: observations / steps.length })))
    .sort((a, b) => a.value - b.value);
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  for (const { value, weight } of points) {
    below += weight;
    if (below >= total * share) return value;
  }
  return points.at(-1)?.value ?? 0;
}

/** The same of plain observations. */
export const percentile = (values: readonly number[], share: number): number =>
  quantile([{ observations: values.length, steps: values }], share);
