/** How many standard deviations the ranks of `a` among both samples lie from where they would lie if both came from one distribution
 *  (Mann-Whitney U with mid-ranks and the correction for ties). Negative: `a` is smaller. Beyond ±4.5 by chance: 7 in a million. */
export function rankDistance(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, first: true })), ...b.map((value) => ({ value, first: false }))].sort(
    (x, y) => x.value - y.value,
  );
  let rankSum = 0;
  let ties = 0;
  for (let at = 0; at < all.length;) {
    const { value } = all[at] ?? { value: 0 };
    const group = all.slice(at).findIndex((other) => other.value !== value);
    const size = group === -1 ? all.length - at : group;
    const rank = at + (size + 1) / 2;
    rankSum += rank * all.slice(at, at + size).filter(({ first }) => first).length;
    ties += size ** 3 - size;
    at += size;
  }
  const [n, m, both] = [a.length, b.length, all.length];
  const u = rankSum - (n * (n + 1)) / 2;
  const variance = ((n * m) / 12) * (both + 1 - ties / (both * (both - 1)));
  return variance === 0 ? 0 : (u - (n * m) / 2) / Math.sqrt(variance);
}

/** The same things in another order each time. */
export function shuffled<T>(things: readonly T[], random: () => number): readonly T[] {
  const left = [...things];
  return things.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}
