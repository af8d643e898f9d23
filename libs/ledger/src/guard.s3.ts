import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type Guard, GuardReplaced } from './guard.js';
import type { S3Place } from './s3.place.js';

/** Longest time for one request, how often a checkpoint is sent, and the pause before it is sent again: all of it together stays below
 *  the maximum merge delay. */
const REQUEST_MS = 2_000;
const ATTEMPTS = 3;
const PAUSE_MS = 100;
/** A checkpoint has some hundred bytes; more is none of ours. */
const MOST_BYTES = 64 * 1024;

interface Kept {
  readonly note: string;
  readonly etag: string;
}

/** One object a shard, replaced by conditional writes alone (`If-None-Match: *` for the first, `If-Match: <etag>` after it), so that of
 *  two leaders one wins. S3 reads are strongly consistent: what is read is the newest. */
export class S3Guard implements Guard {
  readonly #client: S3Client;
  /** What was last seen of each shard: its tag is the condition of the next write. */
  readonly #seen = new Map<string, Kept>();

  constructor(private readonly place: S3Place) {
    this.#client = new S3Client({
      ...(place.region !== undefined && { region: place.region }),
      ...(place.endpoint !== undefined && { endpoint: place.endpoint, forcePathStyle: true }),
      // A write that the client repeats blindly could meet itself: what to do after a failure is decided here.
      maxAttempts: 1,
    });
  }

  async read(shard: string): Promise<string | null> {
    return (await this.#read(shard))?.note ?? null;
  }

  async write(shard: string, note: string, instead: string | null): Promise<void> {
    let kept = this.#seen.get(shard) ?? null;
    if (instead !== null && kept?.note !== instead) kept = await this.#read(shard);
    for (let attempt = 1; ; attempt++) {
      if (kept?.note === note) return;
      if ((kept?.note ?? null) !== instead) throw new GuardReplaced(shard);
      try {
        await this.#put(shard, note, kept);
        return;
      } catch (error) {
        // It may be there all the same (the answer was lost, or took too long), or somebody else's: what is there now decides.
        kept = await this.#read(shard);
        if (attempt === ATTEMPTS && kept?.note !== note) throw this.#unreachable(error);
        await pause(PAUSE_MS * attempt);
      }
    }
  }

  async #put(shard: string, note: string, kept: Kept | null): Promise<void> {
    const command = new PutObjectCommand({
      Bucket: this.place.bucket,
      Key: this.#key(shard),
      Body: note,
      ContentType: 'text/plain; charset=utf-8',
      ...(kept ? { IfMatch: kept.etag } : { IfNoneMatch: '*' }),
    });
    const { ETag } = await this.#client.send(command, { abortSignal: AbortSignal.timeout(REQUEST_MS) });
    if (ETag === undefined) this.#seen.delete(shard);
    else this.#seen.set(shard, { note, etag: ETag });
  }

  async #read(shard: string): Promise<Kept | null> {
    const signal = AbortSignal.timeout(REQUEST_MS);
    const command = new GetObjectCommand({ Bucket: this.place.bucket, Key: this.#key(shard) });
    this.#seen.delete(shard);
    try {
      const { Body, ETag, ContentLength = Infinity } = await this.#client.send(command, { abortSignal: signal });
      if (!Body || ETag === undefined || ContentLength > MOST_BYTES) throw new Error('NoCheckpoint');
      const kept = { note: await within(signal, Body.transformToString('utf-8')), etag: ETag };
      this.#seen.set(shard, kept);
      return kept;
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      throw this.#unreachable(error);
    }
  }

  /** What on-call needs: where, and what kind of failure. */
  #unreachable(error: unknown): Error {
    const kind =
      error instanceof S3ServiceException
        ? `${error.name}, status ${String(error.$metadata.httpStatusCode)}`
        : error instanceof Error
          ? error.message
          : 'unknown reason';
    return new Error(`the guard in the bucket ${this.place.bucket} cannot be used: ${kind}`, { cause: error });
  }

  #key(shard: string): string {
    return `${this.place.prefix}${shard}.checkpoint`;
  }
}

/** A body that trickles in is given up with its request. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    const giveUp = (): void => {
      reject(new Error('the guard does not answer'));
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  return Promise.race([work, late]);
}
