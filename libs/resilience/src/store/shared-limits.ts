import { hash } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { ProblemError } from '@lexecon/auth';
import type { Bucket } from '../core/index.js';
import type { BucketStore } from './bucket.store.js';
import { countAttempt } from './shared-limits.metrics.js';

/** Injection token of the store. */
export const BUCKET_STORE = Symbol('bucket store');

/** A limit that holds across replicas: what it is about (`password account`), and its bucket. The name is public, in metrics. */
export interface SharedLimit extends Bucket {
  readonly name: string;
}

/** Limits that matter for security, shared by all replicas. `subject` says whose bucket: an account, an address; the store sees its hash
 *  only. When the store does not answer, taking rejects with ProblemError 503: doubt refuses. */
@Injectable()
export class SharedLimits {
  readonly #logger = new Logger(SharedLimits.name);

  constructor(@Inject(BUCKET_STORE) private readonly store: BucketStore) {}

  /** Takes one token, before what it is for is tried, so that many at once cannot slip through. Throws ProblemError 429 when there is
   *  none, with the seconds until there is. */
  async take(limit: SharedLimit, subject: string): Promise<void> {
    const wait = await this.#ask(() => this.store.take(keyOf(limit, subject), limit, 1));
    countAttempt(limit.name, wait === 0);
    if (wait > 0) throw tooMany(Math.ceil(wait / 1000));
  }

  /** What the token was taken for was no failure. */
  async give(limit: SharedLimit, subject: string): Promise<void> {
    await this.#ask(() => this.store.give(keyOf(limit, subject), limit, 1));
  }

  /** All failures are forgiven. */
  async forgive(limit: SharedLimit, subject: string): Promise<void> {
    await this.#ask(() => this.store.forget(keyOf(limit, subject)));
  }

  /** Rejects when the store does not answer. */
  check(): Promise<void> {
    return this.store.check();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      this.#logger.error({ err: error }, 'limits cannot be counted');
      throw unavailable();
    }
  }
}

const keyOf = ({ name }: SharedLimit, subject: string): Buffer => hash('sha256', `${name}\0${subject}`, 'buffer');

const tooMany = (retryAfter: number): ProblemError =>
  new ProblemError({
    status: 429,
    type: 'too-many-attempts',
    title: 'Too many attempts',
    detail: 'Wait before you try again.',
    retryAfter,
  });

const unavailable = (): ProblemError =>
  new ProblemError({
    status: 503,
    type: 'limits-unavailable',
    title: 'Attempts cannot be counted at this moment',
    detail: 'What is limited for security is refused until they can.',
    retryAfter: 2,
  });
