import { randomBytes } from 'node:crypto';
import type { OnModuleInit } from '@nestjs/common';
import { type Options, parseOptions } from '@node-rs/argon2';
import type { IdentitySettings } from '../identity.config.js';
import { type Hashing, inThreads } from './hashing.js';
import { passwordMetrics, timed } from './password.metrics.js';
import { refuseGuessable } from './password.rules.js';

type Cost = Pick<IdentitySettings, 'PASSWORD_MEMORY_KIB' | 'PASSWORD_PASSES' | 'PASSWORD_LANES'>;
type Words = Partial<Pick<IdentitySettings, 'PASSWORD_CONTEXT_WORDS'>>;

/** Passwords as Argon2id (the binding's default) PHC strings. What was typed counts in Unicode's NFKC: however a keyboard composes a
 *  character, it is the same one. */
export class Passwords implements OnModuleInit {
  readonly #cost: Required<Pick<Options, 'memoryCost' | 'timeCost' | 'parallelism'>>;
  readonly #metrics = passwordMetrics();
  #decoy: Promise<string> | undefined;

  /** `hashing` is asked each time: a flag may change its answer. */
  constructor(
    private readonly settings: Cost & Words,
    private readonly hashing: () => Hashing = always(inThreads(4, 1_000)),
  ) {
    this.#cost = {
      memoryCost: settings.PASSWORD_MEMORY_KIB,
      timeCost: settings.PASSWORD_PASSES,
      parallelism: settings.PASSWORD_LANES,
    };
  }

  /** `async` or `sync`, as enable_async_auth says. */
  get mode(): Hashing['mode'] {
    return this.hashing().mode;
  }

  /** Makes the decoy, so that even the first unknown account takes no longer than a known one. */
  async onModuleInit(): Promise<void> {
    await this.matches(null, '');
  }

  /** The hash of a password that the holder of this e-mail address chose. Rejects with ProblemError 422, which names /password, when
   *  it is easy to guess; 503 when too many wait. */
  async choose(password: string, email: string): Promise<string> {
    refuseGuessable(password, email, this.settings.PASSWORD_CONTEXT_WORDS ?? []);
    return this.hash(password);
  }

  /** Rejects with ProblemError 503 when too many wait. */
  hash(password: string): Promise<string> {
    return this.hashing().hash(password.normalize('NFKC'), this.#cost);
  }

  /** With no stored hash it takes as long and answers false: time does not tell whether an account exists. Rejects with ProblemError
   *  503 when too many wait, for known and unknown accounts alike. */
  async matches(stored: string | null, password: string): Promise<boolean> {
    const against = stored ?? (await this.decoy());
    const hashing = this.hashing();
    const equal = await timed(this.#metrics.verify, { 'lexecon.auth.mode': hashing.mode }, () =>
      hashing.verify(against, password.normalize('NFKC')),
    );
    return stored !== null && equal;
  }

  /** Whether the hash was made at another cost than passwords are hashed at now. */
  isOutdated(stored: string): boolean {
    const { memoryCost, timeCost, parallelism } = parseOptions(stored);
    return (
      memoryCost !== this.#cost.memoryCost || timeCost !== this.#cost.timeCost || parallelism !== this.#cost.parallelism
    );
  }

  private decoy(): Promise<string> {
    this.#decoy ??= this.hash(randomBytes(32).toString('base64')).catch((error: unknown) => {
      this.#decoy = undefined;
      throw error;
    });
    return this.#decoy;
  }
}

const always =
  <T>(value: T) =>
  (): T =>
    value;
