import { z } from 'zod';
import {
  caseless,
  emailOf,
  flag,
  type GroupState,
  members,
  MOST_MEMBERS,
  parsed,
  text,
  type UserState,
} from './scim.body.js';
import { invalidPath, invalidValue } from './scim.error.js';

const MOST_OPERATIONS = 1_000;

interface Operation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string | undefined;
  readonly value: unknown;
}

const patchSchema = z.looseObject({
  Operations: z
    .array(
      z.looseObject({
        op: z
          .string()
          .toLowerCase()
          .pipe(z.enum(['add', 'remove', 'replace'])),
        path: z.string().max(500).optional(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(MOST_OPERATIONS),
});

/** The user as the operations leave it (RFC 7644, 3.5.2), in the forms that Entra ID and Okta send. Throws ScimError 400. */
export function patchUser(before: UserState, body: unknown): UserState {
  return operationsOf(body)
    .flatMap(spread)
    .reduce<UserState>((user, { op, path, value }) => {
      const change = changeAt(userPath(path));
      return change ? { ...user, ...change(op === 'remove' ? null : value) } : user;
    }, before);
}

/** The group as the operations leave it. Throws ScimError 400. */
export function patchGroup(before: GroupState, body: unknown): GroupState {
  const after = operationsOf(body).flatMap(spread).reduce(groupAfter, before);
  if (after.members.length > MOST_MEMBERS) throw invalidValue(`A Group has ${String(MOST_MEMBERS)} members at most.`);
  return after;
}

const operationsOf = (body: unknown): readonly Operation[] =>
  parsed(patchSchema, caseless(body)).Operations.map(({ op, path, value }) => ({ op, path, value }));

type Placed = Operation & { readonly path: string };

/** An operation without a path is one for each member of its value. */
function spread({ op, path, value }: Operation): readonly Placed[] {
  if (path !== undefined) return [{ op, path, value }];
  if (op === 'remove') throw invalidPath('remove needs a path.');
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidValue('Without a path, value must be an object.');
  return Object.entries<unknown>({ ...value }).map(([name, inner]) => ({ op, path: name, value: inner }));
}

const PREFIX = /^urn:ietf:params:scim:schemas:core:2\.0:(user|group):/;
const SYNTAX = /^[a-z$][\w.:$-]*(\[[^\]]*\])?(\.[\w$-]+)?$/;

function normalPath(path: string): string {
  const plain = path.trim().toLowerCase().replace(PREFIX, '');
  if (!SYNTAX.test(plain)) throw invalidPath('A path is not well-formed.');
  return plain;
}

/** `emails[type eq "work"].value` and its like mean the one address that is kept. */
const userPath = (path: string): string => normalPath(path).replace(/^emails(\[[^\]]*\])?\.value$/, 'emails.value');

const optional = (value: unknown): string | null => (value == null || value === '' ? null : parsed(text, value));
const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** What a value at each path changes; null is what remove leaves. A path that is not here is one of an attribute that is not kept. */
const userChanges: Readonly<Record<string, (value: unknown) => Partial<UserState>>> = {
  username: (value) => ({ userName: parsed(text, value) }),
  externalid: (value) => ({ externalId: optional(value) }),
  displayname: (value) => ({ displayName: optional(value) }),
  'name.givenname': (value) => ({ givenName: optional(value) }),
  'name.familyname': (value) => ({ familyName: optional(value) }),
  name: (value) => ({
    ...(value === null || member(value, 'givenName') !== undefined
      ? { givenName: optional(member(value, 'givenName')) }
      : {}),
    ...(value === null || member(value, 'familyName') !== undefined
      ? { familyName: optional(member(value, 'familyName')) }
      : {}),
  }),
  active: (value) => ({ active: parsed(flag, value) }),
  'emails.value': (value) => ({ email: emailOf(parsed(text, value)) }),
  emails: (value) => {
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    const chosen = all.find((one) => member(one, 'primary') === true) ?? all[0];
    return { email: emailOf(parsed(text, member(chosen, 'value'))) };
  },
};

/** Own members only: `constructor` is a path that anybody can write, and no attribute. */
const changeAt = (path: string): ((value: unknown) => Partial<UserState>) | undefined =>
  Object.hasOwn(userChanges, path) ? userChanges[path] : undefined;

const MEMBER = /^members\[\s*value\s+eq\s+"([^"]{1,64})"\s*\]$/;
const membersOf = (value: unknown): readonly string[] =>
  parsed(members, Array.isArray(value) ? value : [value]).map(({ value: id }) => id);

function groupAfter(group: GroupState, { op, path, value }: Placed): GroupState {
  const at = normalPath(path);
  const [, one] = MEMBER.exec(at) ?? [];
  if (at === 'displayname' && op !== 'remove') return { ...group, displayName: parsed(text, value) };
  if (at === 'externalid') return { ...group, externalId: op === 'remove' ? null : optional(value) };
  if (one !== undefined && op === 'remove') return without(group, [one]);
  if (at !== 'members') {
    if (at === 'displayname' || at.startsWith('members')) throw invalidPath('The operation is not possible there.');
    return group;
  }
  if (op === 'replace') return { ...group, members: value == null ? [] : membersOf(value) };
  if (op === 'add') return { ...group, members: [...new Set([...group.members, ...membersOf(value)])] };
  return value == null ? { ...group, members: [] } : without(group, membersOf(value));
}

function without(group: GroupState, ids: readonly string[]): GroupState {
  const gone = new Set(ids);
  return { ...group, members: group.members.filter((id) => !gone.has(id)) };
}
