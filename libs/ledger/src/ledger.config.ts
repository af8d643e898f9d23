import { z } from 'zod';
import { guardPlaceProblem } from './guard.place.js';

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
    .superRefine((place, context) => {
      const problem = guardPlaceProblem(place);
      if (problem !== null) context.addIssue(problem);
    })
    .optional()
    .meta({
      description:
        'Place outside the database that receives every published checkpoint, reached by every replica: a folder (`file:///…`) or, better, a bucket (`s3://bucket/prefix?region=…`; `&endpoint=https://…` for stores other than AWS; credentials from the environment or the role of the pod). Required in production; elsewhere a folder in the data folder. docs/guard.md says how to set it up.',
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
  /** `file:///…` or `s3://bucket/prefix?region=…` */
  readonly guard: string;
  readonly logKeyFile: string;
  readonly receiptKeyFile: string;
  /** Whether missing key files may be made (the embedded default, outside production). */
  readonly mayCreateKeys: boolean;
}
