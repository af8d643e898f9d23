import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { generateSignerKey, type NoteSigner, noteSigner } from '@lexecon/crypto';
import { writeSecretOnce } from '@lexecon/vault';
import { receiptKeyName, tenantOf } from './core/index.js';
import type { LedgerOptions } from './ledger.config.js';
import { shardNameOf } from './shard.js';

/** The deployment's two signing keys. */
export interface SigningKeys {
  /** Signs checkpoints of the shard with this name. */
  logSigner(shard: string): NoteSigner;
  readonly receipts: NoteSigner;
  /** Names the deployment inside leaves, 16 bytes. */
  readonly tenant: Buffer;
  readonly origin: string;
}

/** Reads both key files; makes missing ones only where that is allowed. A shard's checkpoint key is the log key under the shard's name. */
export function readSigningKeys(options: LedgerOptions): SigningKeys {
  const { origin } = options;
  const seed = seedOf(readKey(options.logKeyFile, origin, options.mayCreateKeys));
  const receipts = noteSigner(readKey(options.receiptKeyFile, receiptKeyName(origin), options.mayCreateKeys));
  if (receipts.name !== receiptKeyName(origin))
    throw new Error(`RECEIPT_KEY_FILE holds the key of ${receipts.name}, not of ${receiptKeyName(origin)}`);
  const signers = new Map<string, NoteSigner>();
  return {
    origin,
    receipts,
    tenant: tenantOf(origin),
    logSigner(shard) {
      const name = shardNameOf(origin, shard);
      const signer = signers.get(name) ?? noteSigner(generateSignerKey(name, seed));
      signers.set(name, signer);
      return signer;
    },
  };
}

function readKey(file: string, name: string, mayCreate: boolean): string {
  if (!existsSync(file)) {
    if (!mayCreate) throw new Error(`there is no key file ${file}`);
    writeSecretOnce(file, `${generateSignerKey(name, randomBytes(32))}\n`);
  }
  return readFileSync(file, 'utf8').trim();
}

/** The 32 secret bytes inside `PRIVATE+KEY+name+hash+base64(0x01 ‖ seed)`. */
function seedOf(skey: string): Buffer {
  noteSigner(skey);
  return Buffer.from(skey.split('+').slice(4).join('+'), 'base64').subarray(1);
}
