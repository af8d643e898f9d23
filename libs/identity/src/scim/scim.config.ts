import { z } from 'zod';
import { personRoles } from '../person/account.js';
import { jsonOf } from '../sso/provider.config.js';

/** Roles by the displayName of a group. */
export type ScimRoles = Readonly<Record<string, readonly string[]>>;

const rolesSchema = z.record(z.string().min(1).max(255), z.array(z.enum(personRoles)).max(personRoles.length));

/** The setting: a path that is read at the start. What is wrong is named by its place in the file. */
export const scimRolesFile = z.string().transform((path, context): ScimRoles => {
  const parsed = rolesSchema.safeParse(jsonOf(path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  context.addIssue({
    code: 'custom',
    message: `must be the path of a JSON file with roles by group: /${issue?.path.map(String).join('/') ?? ''} ${issue?.message ?? ''}`,
  });
  return z.NEVER;
});
