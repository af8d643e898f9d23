import { z } from 'zod';
import { flagProblems } from './flags.js';

export const flagSettings = {
  LEXECON_FLAGS: z
    .string()
    .default('')
    .superRefine((text, context) => {
      for (const message of flagProblems(text)) context.addIssue({ code: 'custom', message });
    })
    .meta({
      description:
        'Flags that are set otherwise than by default, as `name=true,name=false`. The flags: `enable_async_auth` (passwords are hashed in a bounded pool of threads, default true). No flag turns a security control off.',
    }),
};

export type FlagSettings = z.output<z.ZodObject<typeof flagSettings>>;
