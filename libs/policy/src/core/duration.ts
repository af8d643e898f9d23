const ISO_8601 = /^P(?:(\d{1,9})W|(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?)$/;
const SECONDS = [604_800, 86_400, 3_600, 60, 1] as const;

/** Seconds in an ISO 8601 duration of weeks, or of days, hours, minutes and seconds (`PT4H`, `P1DT12H`, `P2W`);
 *  null for any other text. Months and years have no fixed length and are not taken. */
export function secondsOf(text: string): number | null {
  const parts: readonly (string | undefined)[] = ISO_8601.exec(text)?.slice(1) ?? [];
  if (parts.every((part) => part === undefined)) return null;
  return SECONDS.reduce((sum, unit, i) => sum + unit * Number(parts[i] ?? 0), 0);
}
