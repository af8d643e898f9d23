import { randomBytes } from 'node:crypto';
import { kekUse, parseKeyFile, textOf, wrappedFile } from './key-file.js';
import type { KeyService, WrappedSecret } from './key-service.js';
import { VaultKeyProblem } from './kms.place.js';

/** The same file with every secret wrapped by the key service. Throws VaultKeyProblem. */
export async function wrapKeyFile(text: string, service: KeyService): Promise<string> {
  return textOf(await wrappedFile(parseKeyFile(text), service));
}

/** The same file with a new key encryption key, the current one from then on. With a key service it is wrapped by the service's key of
 *  today, and so are `index` and `box`, so that the keys of earlier epochs may be destroyed in the service. Throws VaultKeyProblem. */
export async function addEpoch(text: string, name: string, service: KeyService | null): Promise<string> {
  const file = parseKeyFile(text);
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name))
    throw new VaultKeyProblem('the name of an epoch has 1 to 64 letters, digits, dots, dashes or underscores');
  if (file.keks[name]) throw new VaultKeyProblem(`VAULT_KEY_FILE: it has a key encryption key named ${name} already`);
  const kek = randomBytes(32);
  if (!service) return textOf({ ...file, keks: { ...file.keks, [name]: kek }, current: name });
  const anew = async (use: 'index' | 'box'): Promise<WrappedSecret> => {
    const secret = file[use];
    return service.wrap(Buffer.isBuffer(secret) ? secret : await service.unwrap(secret, use), use);
  };
  const keks = { ...file.keks, [name]: await service.wrap(kek, kekUse(name)) };
  return textOf({ index: await anew('index'), box: await anew('box'), keks, current: name });
}

/** The same file without a key encryption key that is not the current one: what is still wrapped under it can never be opened again.
 *  Throws VaultKeyProblem. */
export function dropEpoch(text: string, name: string): string {
  const file = parseKeyFile(text);
  if (!file.keks[name] || file.current === name)
    throw new VaultKeyProblem(`VAULT_KEY_FILE: ${name} is no key encryption key of the past`);
  const keks = Object.fromEntries(Object.entries(file.keks).filter(([kek]) => kek !== name));
  return textOf({ ...file, keks });
}
