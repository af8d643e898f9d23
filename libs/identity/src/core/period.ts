/** The campaign that the calendar asks for at `now`: it begins with the latest of these months (1 to 12) that has begun, in UTC. */
export function periodOf(now: Date, months: readonly number[]): { readonly name: string; readonly from: Date } | null {
  const starts = months.flatMap((month) =>
    [now.getUTCFullYear(), now.getUTCFullYear() - 1].map((year) => Date.UTC(year, month - 1)),
  );
  const begun = starts.filter((start) => start <= now.getTime());
  if (begun.length === 0) return null;
  const from = new Date(Math.max(...begun));
  return { name: from.toISOString().slice(0, 7), from };
}
