import { z } from 'zod';

export const vaultSettings = {
  VAULT_KEY_FILE: z.string().optional().meta({
    description:
      'File with the keys that wrap the data subjects’ keys (JSON: index, box, keks, current). Required in production; elsewhere made on the first start in the data folder.',
  }),
  VAULT_DATABASE_URL: z.url().optional().meta({
    description:
      'PostgreSQL that holds the data subjects’ wrapped keys. Unset: the one of DATABASE_URL. In production keep it apart, with short backups.',
  }),
};
