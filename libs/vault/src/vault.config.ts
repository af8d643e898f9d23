import { z } from 'zod';
import { kmsPlaceOf } from './kms.place.js';

export const vaultSettings = {
  VAULT_KEY_FILE: z.string().optional().meta({
    description:
      'File with the keys that wrap the data subjects’ keys (JSON: index, box, keks, current). Required in production; elsewhere made on the first start in the data folder.',
  }),
  VAULT_KMS_KEY: z
    .string()
    .refine(
      (text) => kmsPlaceOf(text) !== null,
      'must be the id, ARN or alias of a KMS key, with ?region= and &endpoint=https://… where needed',
    )
    .optional()
    .meta({
      description:
        'Key of AWS KMS (id, ARN or alias; `?region=…`, and `&endpoint=https://…` for other services of that protocol) that wraps what VAULT_KEY_FILE holds: the file alone is then useless. Asked once at the start. docs/vault-keys.md says how to set it up.',
    }),
  VAULT_DATABASE_URL: z.url().optional().meta({
    description:
      'PostgreSQL that holds the data subjects’ wrapped keys. Unset: the one of DATABASE_URL. In production keep it apart, with short backups.',
  }),
};
