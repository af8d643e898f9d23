import { z } from 'zod';

export const ledgerSettings = {
  LEDGER_ORIGIN: z
    .string()
    .regex(/^[^\s+]{1,200}$/, 'must be 1 to 200 characters without spaces or +')
    .default('lexecon.local')
    .meta({
      description: 'Name of the log. Receipts name it; checkpoints and proofs add the shard (`<origin>/2026h2`).',
    }),
  LEDGER_GUARD: z
    .string()
    .regex(/^file:\/\/\/.+/, 'must be a file:///… place')
    .optional()
    .meta({
      description:
        'Place outside the database that receives every published checkpoint, reached by every replica (`file:///…`). Required in production; elsewhere a folder in the data folder.',
    }),
  LEDGER_KEY_FILE: z.string().optional().meta({
    description:
      'File with the key that signs checkpoints (signed-note private key). Required in production; elsewhere made on the first start.',
  }),
  RECEIPT_KEY_FILE: z.string().optional().meta({
    description:
      'File with the key that signs receipts (signed-note private key). Required in production; elsewhere made on the first start.',
  }),
};

export interface LedgerOptions {
  /** PostgreSQL of the log. */
  readonly url: string;
  readonly origin: string;
  /** `file:///…` */
  readonly guard: string;
  readonly logKeyFile: string;
  readonly receiptKeyFile: string;
  /** Whether missing key files may be made (the embedded default, outside production). */
  readonly mayCreateKeys: boolean;
}
