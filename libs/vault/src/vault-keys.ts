import { randomBytes } from 'node:crypto';
import { decrypt, encrypt } from '@lexecon/crypto';

/** The deployment's root secrets, opened. 32 bytes each. */
export interface VaultSecrets {
  readonly index: Buffer;
  readonly box: Buffer;
  /** Key encryption keys by name. */
  readonly keks: ReadonlyMap<string, Buffer>;
  readonly current: string;
}

/** Wraps and unwraps the data subjects' keys; in memory only. */
export class VaultKeys {
  readonly index: Buffer;
  readonly box: Buffer;
  /** Name of the key encryption key that new keys are wrapped under. */
  readonly current: string;
  readonly #keks: ReadonlyMap<string, Buffer>;

  constructor({ index, box, keks, current }: VaultSecrets) {
    this.index = index;
    this.box = box;
    this.current = current;
    this.#keks = keks;
  }

  /** Encrypts a subject's key under the current key encryption key; `id` binds it to its row. */
  wrap(key: Buffer, id: string): Buffer {
    return encrypt(this.#kek(this.current), randomBytes(12), aadOf(id, this.current), key);
  }

  /** Throws when the row was changed, or was wrapped under a key that is no longer in the file. */
  unwrap(wrapped: Buffer, id: string, kek: string): Buffer {
    return decrypt(this.#kek(kek), aadOf(id, kek), wrapped);
  }

  #kek(name: string): Buffer {
    const kek = this.#keks.get(name);
    if (!kek) throw new Error(`the vault key file has no key encryption key named ${name}`);
    return kek;
  }
}

const aadOf = (id: string, kek: string): Buffer => Buffer.from(`${id}|${kek}`);
