import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { COSEALG, decodeAttestationObject, decodeClientDataJSON } from '@simplewebauthn/server/helpers';
import { parse } from 'uuid';
import type { Assertion, Attestation, Passkey } from './passkey.js';

/** WebAuthn, with the choices of this product fixed: the person is verified by the authenticator (PIN, finger, face), the passkey is
 *  discoverable, no attestation is asked for, one origin and one domain count. */
export interface Site {
  readonly origin: string;
  readonly domain: string;
}

export type RegistrationOptions = PublicKeyCredentialCreationOptionsJSON;
export type AssertionOptions = PublicKeyCredentialRequestOptionsJSON;

const NAME = 'Lexecon';
const TIMEOUT_MS = 300_000;
const ALGORITHMS = [COSEALG.EdDSA, COSEALG.ES256, COSEALG.RS256];

export interface NewPasskey {
  readonly credentialId: Buffer;
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly backedUp: boolean;
}

export function registrationOptions(
  { domain }: Site,
  challenge: Buffer,
  { id, email }: { readonly id: string; readonly email: string },
  known: readonly Pick<Passkey, 'credentialId' | 'transports'>[],
): Promise<RegistrationOptions> {
  return generateRegistrationOptions({
    rpName: NAME,
    rpID: domain,
    userID: Uint8Array.from(parse(id)),
    userName: email,
    userDisplayName: email,
    challenge: Uint8Array.from(challenge),
    timeout: TIMEOUT_MS,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: known.map(descriptorOf),
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/** Without `known`, the authenticator offers whatever passkeys it has for this site. */
export function assertionOptions(
  { domain }: Site,
  challenge: Buffer,
  known: readonly Pick<Passkey, 'credentialId' | 'transports'>[],
): Promise<AssertionOptions> {
  return generateAuthenticationOptions({
    rpID: domain,
    challenge: Uint8Array.from(challenge),
    timeout: TIMEOUT_MS,
    userVerification: 'required',
    allowCredentials: known.map(descriptorOf),
  });
}

/** The challenge that was signed; undefined when the client data cannot be read. Whether it is one of ours is the caller's to find out. */
export function challengeOf({ clientDataJSON }: Pick<Assertion, 'clientDataJSON'>): Buffer | undefined {
  try {
    const { challenge, crossOrigin } = decodeClientDataJSON(clientDataJSON);
    return typeof challenge === 'string' && crossOrigin !== true ? Buffer.from(challenge, 'base64url') : undefined;
  } catch {
    return undefined;
  }
}

/** Null when anything about it is wrong. */
export async function verifiedRegistration(
  { origin, domain }: Site,
  challenge: Buffer,
  { id, type, clientDataJSON, attestationObject, transports }: Attestation,
): Promise<NewPasskey | null> {
  try {
    if (!withoutCertificates(attestationObject)) return null;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type,
        response: { clientDataJSON, attestationObject, transports: [...transports] },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge.toString('base64url'),
      expectedOrigin: origin,
      expectedRPID: domain,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!verified) return null;
    const { credential, credentialBackedUp } = registrationInfo;
    return {
      credentialId: Buffer.from(credential.id, 'base64url'),
      publicKey: Buffer.from(credential.publicKey),
      counter: credential.counter,
      transports,
      backedUp: credentialBackedUp,
    };
  } catch {
    return null;
  }
}

/** The authenticator's counter after this signature, and whether the passkey is backed up by now; null when anything is wrong. */
export async function verifiedAssertion(
  { origin, domain }: Site,
  challenge: Buffer,
  { id, type, clientDataJSON, authenticatorData, signature, userHandle }: Assertion,
  passkey: Pick<Passkey, 'accountId' | 'publicKey' | 'counter'>,
): Promise<{ readonly counter: number; readonly backedUp: boolean } | null> {
  if (userHandle !== undefined && !isHandleOf(passkey.accountId, userHandle)) return null;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge.toString('base64url'),
      expectedOrigin: origin,
      expectedRPID: domain,
      credential: { id, publicKey: Uint8Array.from(passkey.publicKey), counter: passkey.counter },
      requireUserVerification: true,
    });
    return verified
      ? { counter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp }
      : null;
  } catch {
    return null;
  }
}

/** We asked for no attestation. One with certificates would make the verifier follow the addresses in them, so it is refused unread. */
function withoutCertificates(attestationObject: string): boolean {
  const decoded = decodeAttestationObject(Uint8Array.from(Buffer.from(attestationObject, 'base64url')));
  const format = decoded.get('fmt');
  return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined);
}

const isHandleOf = (accountId: string, userHandle: string): boolean =>
  Buffer.from(parse(accountId)).equals(Buffer.from(userHandle, 'base64url'));

const descriptorOf = ({
  credentialId,
  transports,
}: Pick<Passkey, 'credentialId' | 'transports'>): { id: string; transports: string[] } => ({
  id: credentialId.toString('base64url'),
  transports: [...transports],
});
