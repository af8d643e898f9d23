// Changes of the vault's keys, for operators: docs/vault-keys.md. Reads the settings that the server reads. Prints no secret: a changed
// key file goes to a new file, readable by its owner only.
import { readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { recordKeyEvent } from '@lexecon/ledger';
import { addEpoch, dropEpoch, keyServiceAt, readVaultKeys, rewrap, VaultKeyProblem, wrapKeyFile } from '@lexecon/vault';
import { ledgerOptions } from './app.module.js';
import { placesOf } from './places.js';
import { parseSettings, type Settings, WrongSettings } from './settings.js';

const USAGE = `vault wrap <new file>            the key file, every secret in it wrapped by VAULT_KMS_KEY
vault epoch <name> <new file>    the key file with a new key encryption key, the current one
vault drop <name> <new file>     the key file without a key encryption key of the past
vault rewrap                     wraps every subject's key under the current key encryption key`;

class WrongUse extends Error {}

type Command = (settings: Settings, args: readonly string[]) => Promise<string>;

const commands: Readonly<Record<string, Command>> = {
  wrap: async (settings, [to]) => {
    const service = await keyServiceAt(settings.VAULT_KMS_KEY, settings.LEDGER_ORIGIN);
    if (!service) throw new VaultKeyProblem('VAULT_KMS_KEY: it is not set');
    return written(to, await wrapKeyFile(keyFile(settings), service));
  },
  epoch: async (settings, [name = '', to]) => {
    const service = await keyServiceAt(settings.VAULT_KMS_KEY, settings.LEDGER_ORIGIN);
    return written(to, await addEpoch(keyFile(settings), name, service));
  },
  drop: (settings, [name = '', to]) => Promise.resolve(written(to, dropEpoch(keyFile(settings), name))),
  rewrap: rewrapped,
};

try {
  const [name = '', ...args] = process.argv.slice(2);
  const command = commands[name];
  if (!command) throw new WrongUse(USAGE);
  process.stdout.write(`${await command(parseSettings(process.env), args)}\n`);
} catch (error) {
  const expected = error instanceof VaultKeyProblem || error instanceof WrongSettings || error instanceof WrongUse;
  process.stderr.write(`${expected || error instanceof Error ? error.message : 'it failed'}\n`);
  process.exitCode = error instanceof WrongUse ? 2 : 1;
}

async function rewrapped(settings: Settings): Promise<string> {
  const places = placesOf(settings);
  const service = await keyServiceAt(settings.VAULT_KMS_KEY, settings.LEDGER_ORIGIN);
  const keys = await readVaultKeys({ file: places.vaultKeyFile, service, mayCreate: false });
  const url = settings.VAULT_DATABASE_URL ?? settings.DATABASE_URL;
  const pool = new pg.Pool({ connectionString: url, max: 1, application_name: 'lexecon-vault-rewrap' });
  try {
    const { count, left } = await rewrap(pool, keys);
    const facts = { event: 'subject keys wrapped anew', kek: keys.current, count, left };
    await recordKeyEvent(ledgerOptions(settings, places), facts);
    const others = Object.entries(left).map(([kek, many]) => `${String(many)} under ${kek}`);
    return `${String(count)} wrapped anew under ${keys.current}; left: ${others.join(', ') || 'none'}`;
  } finally {
    await pool.end();
  }
}

function keyFile(settings: Settings): string {
  return readFileSync(placesOf(settings).vaultKeyFile, 'utf8');
}

function written(to: string | undefined, text: string): string {
  if (to === undefined) throw new WrongUse(USAGE);
  writeFileSync(to, text, { mode: 0o600, flag: 'wx', flush: true });
  return `written: ${to}`;
}
