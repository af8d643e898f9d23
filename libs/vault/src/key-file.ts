import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { decrypt, encrypt } from '@lexecon/crypto';

const secret = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length === 32, 'must be 32 bytes');

const keyFile = z.strictObject({
  /** Key of the blind index; it can never change without rebuilding the index. */
  index: secret,
  /** Key for the deployment's own small secrets (second factors). */
  box: secret,
  /** Key encryption keys by name; old ones stay until everything was wrapped again. */
  keks: z.record(z.string().min(1), secret),
  current: z.string(),
});

/** The deployment's root secrets, from VAULT_KEY_FILE. Wraps and unwraps the data subjects' keys. */
export class VaultKeys {
  readonly index: Buffer;
  readonly box: Buffer;
  readonly current: string;
  readonly #keks: Readonly<Record<string, Buffer>>;

  constructor(json: string) {
    const file = keyFile.parse(JSON.parse(json));
    if (!file.keks[file.current]) throw new Error(`the vault key file has no key encryption key named ${file.current}`);
    this.index = file.index;
    this.box = file.box;
    this.current = file.current;
    this.#keks = file.keks;
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
    const kek = this.#keks[name];
    if (!kek) throw new Error(`the vault key file has no key encryption key named ${name}`);
    return kek;
  }
}

const aadOf = (id: string, kek: string): Buffer => Buffer.from(`${id}|${kek}`);

/** Reads VAULT_KEY_FILE. `mayCreate` (the embedded default, outside production) makes it on the first start, readable by its owner only. */
export function readVaultKeys(file: string, mayCreate: boolean): VaultKeys {
  if (!existsSync(file)) {
    if (!mayCreate) throw new Error(`VAULT_KEY_FILE: there is no ${file}`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, freshKeyFile(), { mode: 0o600, flag: 'wx' });
  }
  return new VaultKeys(readFileSync(file, 'utf8'));
}

/** Text of a new key file with random keys. */
export function freshKeyFile(): string {
  const fresh = (): string => randomBytes(32).toString('base64');
  return `${JSON.stringify({ index: fresh(), box: fresh(), keks: { k1: fresh() }, current: 'k1' }, null, 2)}\n`;
}
