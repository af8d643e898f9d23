import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { KeyService, WrappedSecret } from './key-service.js';
import { VaultKeyProblem } from './kms.place.js';
import { writeSecretOnce } from './secret-file.js';
import { VaultKeys } from './vault-keys.js';

const open = z
  .base64()
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes')
  .transform((text) => Buffer.from(text, 'base64'));
const wrapped = z.strictObject({ kms: z.base64().min(1), key: z.string().min(1) });
const secret = z.union([open, wrapped]);

const shape = z.strictObject({
  /** Key of the blind index; it can never change without rebuilding the index. */
  index: secret,
  /** Key for the deployment's own small secrets (second factors). */
  box: secret,
  /** Key encryption keys by name; old ones stay until everything was wrapped again. */
  keks: z.record(z.string().min(1), secret),
  current: z.string(),
});

/** The file as it stands: each secret in the open, or wrapped by the key service. */
export type KeyFile = Readonly<z.output<typeof shape>>;

/** Where the secrets of the vault are, and what opens them. */
export interface KeySource {
  readonly file: string;
  /** Null: the file holds its secrets in the open. */
  readonly service: KeyService | null;
  /** Whether a missing file may be made (the embedded default, outside production). */
  readonly mayCreate: boolean;
}

/** Reads VAULT_KEY_FILE and opens it; with a key service every secret in it must be wrapped. The service is asked here, once, and not
 *  needed any more afterwards. Throws VaultKeyProblem. */
export async function readVaultKeys({ file, service, mayCreate }: KeySource): Promise<VaultKeys> {
  if (!existsSync(file)) {
    if (!mayCreate) throw new VaultKeyProblem(`VAULT_KEY_FILE: there is no ${file}`);
    const fresh = parseKeyFile(freshKeyFile());
    writeSecretOnce(file, textOf(service ? await wrappedFile(fresh, service) : fresh));
  }
  return openKeyFile(readFileSync(file, 'utf8'), service);
}

/** Throws VaultKeyProblem, which says where the file is wrong and nothing of what it holds. */
export function parseKeyFile(text: string): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new VaultKeyProblem('VAULT_KEY_FILE: it is no JSON');
  }
  const { data, error } = shape.safeParse(json);
  if (!data) {
    const places = error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ');
    throw new VaultKeyProblem(`VAULT_KEY_FILE: it does not have the right shape at ${places}`);
  }
  if (!data.keks[data.current])
    throw new VaultKeyProblem(`VAULT_KEY_FILE: it has no key encryption key named ${data.current}, the current one`);
  return data;
}

/** Opens the text of a key file. Throws VaultKeyProblem. */
export async function openKeyFile(text: string, service: KeyService | null): Promise<VaultKeys> {
  const file = parseKeyFile(text);
  const openOne = async (one: Buffer | WrappedSecret, use: string): Promise<Buffer> => {
    if (Buffer.isBuffer(one)) {
      if (service)
        throw new VaultKeyProblem(`VAULT_KEY_FILE: ${use} lies in it in the open though VAULT_KMS_KEY is set`);
      return one;
    }
    if (!service)
      throw new VaultKeyProblem(`VAULT_KMS_KEY: it is not set, and ${use} of the vault key file is wrapped`);
    return service.unwrap(one, use);
  };
  const [index, box, keks] = await Promise.all([
    openOne(file.index, 'index'),
    openOne(file.box, 'box'),
    Promise.all(
      Object.entries(file.keks).map(async ([name, kek]) => [name, await openOne(kek, kekUse(name))] as const),
    ),
  ]);
  return new VaultKeys({ index, box, current: file.current, keks: new Map(keks) });
}

/** What the wrapped key encryption key of this name is bound to. */
export const kekUse = (name: string): string => `kek/${name}`;

/** The same file with everything that lies in the open wrapped. */
export async function wrappedFile(file: KeyFile, service: KeyService): Promise<KeyFile> {
  const wrapOne = (one: Buffer | WrappedSecret, use: string): Promise<WrappedSecret> =>
    Buffer.isBuffer(one) ? service.wrap(one, use) : Promise.resolve(one);
  const keks: Record<string, WrappedSecret> = {};
  for (const [name, kek] of Object.entries(file.keks)) keks[name] = await wrapOne(kek, kekUse(name));
  return {
    index: await wrapOne(file.index, 'index'),
    box: await wrapOne(file.box, 'box'),
    keks,
    current: file.current,
  };
}

/** Text of a key file. */
export function textOf({ index, box, keks, current }: KeyFile): string {
  const written = (one: Buffer | WrappedSecret): string | WrappedSecret =>
    Buffer.isBuffer(one) ? one.toString('base64') : one;
  const all = Object.fromEntries(Object.entries(keks).map(([name, kek]) => [name, written(kek)]));
  return `${JSON.stringify({ index: written(index), box: written(box), keks: all, current }, null, 2)}\n`;
}

/** Text of a new key file with random keys, in the open. */
export function freshKeyFile(): string {
  return textOf({ index: randomBytes(32), box: randomBytes(32), keks: { k1: randomBytes(32) }, current: 'k1' });
}
