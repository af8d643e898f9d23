import { z } from 'zod';
import { normalEmail } from '../person/account.js';
import { LINE } from '../text.rules.js';
import { invalidValue, ScimError } from './scim.error.js';

/** What is kept of a User. Attributes that are not here are accepted and forgotten (RFC 7644, 3.3). */
export interface UserState {
  readonly userName: string;
  readonly externalId: string | null;
  readonly displayName: string | null;
  readonly givenName: string | null;
  readonly familyName: string | null;
  /** Normalised. */
  readonly email: string;
  readonly active: boolean;
}

export interface GroupState {
  readonly displayName: string;
  readonly externalId: string | null;
  /** Ids of Users. */
  readonly members: readonly string[];
}

export const MOST_MEMBERS = 5_000;
/** One line, 1 to 255 characters. */
export const text = z.string().trim().min(1).max(255).regex(LINE);
const optional = text.nullish().catch(null);
const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;

/** Entra ID sends "True" and "False". */
export const flag = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(true|false)$/i)
    .transform((word) => word.toLowerCase() === 'true'),
]);

const emails = z
  .array(z.looseObject({ value: z.string().max(254), primary: flag.optional().catch(undefined) }))
  .max(20)
  .nullish();

const userSchema = z.looseObject({
  userName: text,
  externalId: optional,
  displayName: optional,
  name: z.looseObject({ givenName: optional, familyName: optional }).nullish().catch(null),
  emails,
  active: flag.nullish(),
});

/** Ids in lower case, as they are kept: however one is written, it means the same User. */
export const members = z.array(z.looseObject({ value: z.string().max(64).toLowerCase() })).max(MOST_MEMBERS);

const groupSchema = z.looseObject({ displayName: text, externalId: optional, members: members.nullish() });

/** Throws ScimError 400. */
export function parseUser(body: unknown): UserState {
  const { userName, externalId, displayName, name, emails: given, active } = parsed(userSchema, caseless(body));
  const address = given?.find(({ primary }) => primary)?.value ?? given?.[0]?.value ?? userName;
  return {
    userName,
    externalId: externalId ?? null,
    displayName: displayName ?? null,
    givenName: name?.givenName ?? null,
    familyName: name?.familyName ?? null,
    email: emailOf(address),
    active: active ?? true,
  };
}

/** Throws ScimError 400. */
export function parseGroup(body: unknown): GroupState {
  const { displayName, externalId, members: given } = parsed(groupSchema, caseless(body));
  return { displayName, externalId: externalId ?? null, members: (given ?? []).map(({ value }) => value) };
}

/** Throws ScimError 400. */
export function emailOf(address: string): string {
  const email = normalEmail(address);
  if (email.length > 254 || !EMAIL.test(email) || !LINE.test(email))
    throw invalidValue('emails, or else userName, must have an e-mail address.');
  return email;
}

/** Throws ScimError 400 naming what is wrong. */
export function parsed<Shape extends z.ZodType>(schema: Shape, value: unknown): z.output<Shape> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const at = issue?.path.map(String).join('.') ?? '';
  throw new ScimError('invalidValue', 400, `${at === '' ? 'The body' : at} is missing or not valid.`);
}

const names: ReadonlyMap<string, string> = new Map(
  [
    'userName',
    'externalId',
    'displayName',
    'name',
    'givenName',
    'familyName',
    'emails',
    'active',
    'members',
    'value',
    'primary',
    'schemas',
    'Operations',
    'op',
    'path',
  ].map((name) => [name.toLowerCase(), name]),
);

/** Attribute names count without case (RFC 7643, 2.1): those that are known get their usual spelling. */
export function caseless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(caseless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [names.get(name.toLowerCase()) ?? name, caseless(member)]),
  );
}
