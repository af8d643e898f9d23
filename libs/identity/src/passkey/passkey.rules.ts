import { registerDecorator } from 'class-validator';
import type { Assertion, Attestation } from './passkey.js';

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const TRANSPORT = /^[a-z][a-z-]{0,31}$/;
const LONGEST_ID = 1364;
const LONGEST = 16 * 1024;
const MOST_TRANSPORTS = 16;

type Members = Readonly<Record<string, unknown>>;

/** The members that count of `AuthenticationResponseJSON` (WebAuthn); browsers may send more. Undefined: it is none. */
export function assertionOf(value: unknown): Assertion | undefined {
  const outer = membersOf(value);
  const inner = membersOf(outer?.['response']);
  const [id, clientDataJSON] = [textOf(outer?.['id'], LONGEST_ID), textOf(inner?.['clientDataJSON'])];
  const [authenticatorData, signature] = [textOf(inner?.['authenticatorData']), textOf(inner?.['signature'])];
  const handle = inner?.['userHandle'] ?? undefined;
  const userHandle = handle === undefined ? undefined : textOf(handle);
  if (outer?.['type'] !== 'public-key' || (handle !== undefined && userHandle === undefined)) return undefined;
  if (id === undefined || clientDataJSON === undefined || authenticatorData === undefined || signature === undefined)
    return undefined;
  return { id, type: 'public-key', clientDataJSON, authenticatorData, signature, userHandle };
}

/** The same of `RegistrationResponseJSON`. */
export function attestationOf(value: unknown): Attestation | undefined {
  const outer = membersOf(value);
  const inner = membersOf(outer?.['response']);
  const [id, clientDataJSON] = [textOf(outer?.['id'], LONGEST_ID), textOf(inner?.['clientDataJSON'])];
  const attestationObject = textOf(inner?.['attestationObject']);
  if (outer?.['type'] !== 'public-key') return undefined;
  if (id === undefined || clientDataJSON === undefined || attestationObject === undefined) return undefined;
  return { id, type: 'public-key', clientDataJSON, attestationObject, transports: transportsOf(inner?.['transports']) };
}

export const IsAssertion = (): PropertyDecorator => shaped('isAssertion', assertionOf);
export const IsAttestation = (): PropertyDecorator => shaped('isAttestation', attestationOf);

const shaped =
  (name: string, parse: (value: unknown) => unknown): PropertyDecorator =>
  (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value) => parse(value) !== undefined,
        defaultMessage: () => '$property must be what the browser answered: toJSON() of its PublicKeyCredential',
      },
    });
  };

const membersOf = (value: unknown): Members | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;

const textOf = (value: unknown, longest = LONGEST): string | undefined =>
  typeof value === 'string' && value.length <= longest && BASE64URL.test(value) ? value : undefined;

/** Hints only: what is no name of a transport is left out. */
function transportsOf(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items
    .filter((item): item is string => typeof item === 'string' && TRANSPORT.test(item))
    .slice(0, MOST_TRANSPORTS);
}
