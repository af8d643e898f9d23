import { randomBytes } from 'node:crypto';
import type { OnModuleInit } from '@nestjs/common';
import { hash, type Options, parseOptions, verify } from '@node-rs/argon2';
import type { IdentitySettings } from '../identity.config.js';

/** Passwords as Argon2id (the binding's default) PHC strings. Hashing runs in the thread pool, not on the event loop. */
export class Passwords implements OnModuleInit {
  readonly #cost: Required<Pick<Options, 'memoryCost' | 'timeCost' | 'parallelism'>>;
  #decoy: Promise<string> | undefined;

  constructor(settings: Pick<IdentitySettings, 'PASSWORD_MEMORY_KIB' | 'PASSWORD_PASSES' | 'PASSWORD_LANES'>) {
    this.#cost = {
      memoryCost: settings.PASSWORD_MEMORY_KIB,
      timeCost: settings.PASSWORD_PASSES,
      parallelism: settings.PASSWORD_LANES,
    };
  }

  /** Makes the decoy, so that even the first unknown account takes no longer than a known one. */
  async onModuleInit(): Promise<void> {
    await this.matches(null, '');
  }

  hash(password: string): Promise<string> {
    return hash(password.normalize('NFKC'), this.#cost);
  }

  /** With no stored hash it takes as long and answers false: time does not tell whether an account exists. */
  async matches(stored: string | null, password: string): Promise<boolean> {
    const against = stored ?? (await (this.#decoy ??= this.hash(randomBytes(32).toString('base64'))));
    const equal = await verify(against, password.normalize('NFKC'));
    return stored !== null && equal;
  }

  /** Whether the hash was made at another cost than passwords are hashed at now. */
  isOutdated(stored: string): boolean {
    const { memoryCost, timeCost, parallelism } = parseOptions(stored);
    return (
      memoryCost !== this.#cost.memoryCost || timeCost !== this.#cost.timeCost || parallelism !== this.#cost.parallelism
    );
  }
}
