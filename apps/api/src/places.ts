import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Settings } from './settings.js';

export interface Places {
  /** Whether key files that are missing may be made: outside production, and only in the data folder. */
  readonly mayCreate: boolean;
  readonly logKeyFile: string;
  readonly receiptKeyFile: string;
  readonly vaultKeyFile: string;
  /** `file:///…` or `s3://…` */
  readonly guard: string;
}

/** Where keys and checkpoints are kept: where the settings say, else in the data folder. */
export function placesOf(settings: Settings): Places {
  const folder = resolve(settings.LEXECON_DATA_DIR);
  const key = (name: string): string => join(folder, 'keys', name);
  return {
    mayCreate: settings.NODE_ENV !== 'production',
    logKeyFile: settings.LEDGER_KEY_FILE ?? key('ledger.key'),
    receiptKeyFile: settings.RECEIPT_KEY_FILE ?? key('receipt.key'),
    vaultKeyFile: settings.VAULT_KEY_FILE ?? key('vault.json'),
    guard: settings.LEDGER_GUARD ?? pathToFileURL(join(folder, 'guard')).href,
  };
}
