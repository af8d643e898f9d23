import type { Guard } from './guard.js';
import { FileGuard } from './guard.file.js';
import { s3PlaceOf, WrongPlace } from './s3.place.js';

/** What is wrong with a place as a guard, or null. */
export function guardPlaceProblem(place: string): string | null {
  if (/^file:\/\/\/.+/.test(place)) return null;
  if (!place.startsWith('s3://')) return 'must be a file:///… or an s3://bucket/prefix?region=… place';
  try {
    s3PlaceOf(place);
    return null;
  } catch (error) {
    if (error instanceof WrongPlace) return error.message;
    throw error;
  }
}

/** The guard at a place. The credentials for S3 are those of the environment: variables, a profile, or the role of the pod or machine. */
export async function guardAt(place: string): Promise<Guard> {
  if (!place.startsWith('s3://')) return new FileGuard(place);
  // Loaded only where it is used: it makes a start noticeably longer.
  const { S3Guard } = await import('./guard.s3.js');
  return new S3Guard(s3PlaceOf(place));
}
