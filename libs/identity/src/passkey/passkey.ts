/** A WebAuthn credential of a person. */
export interface Passkey {
  readonly id: string;
  readonly accountId: string;
  readonly credentialId: Buffer;
  /** COSE. */
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
}

export interface PasskeySummary {
  readonly id: string;
  readonly label: string;
  /** Whether it is copied to the person's other devices by whoever keeps it (synced). */
  readonly backedUp: boolean;
  readonly createdAt: Date;
  readonly usedAt: Date | null;
}

/** What a browser answers to a registration; of its members, those that count. All text is base64url. */
export interface Attestation {
  readonly id: string;
  readonly type: 'public-key';
  readonly clientDataJSON: string;
  readonly attestationObject: string;
  readonly transports: readonly string[];
}

/** What a browser answers when a passkey is used. */
export interface Assertion {
  readonly id: string;
  readonly type: 'public-key';
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
  /** Whom the authenticator made the passkey for: the account's UUID, 16 bytes. */
  readonly userHandle: string | undefined;
}

/** What a challenge was given for; it counts for nothing else. */
export type ChallengePurpose = 'enrolment' | 'registration' | 'sign-in' | 'second-factor' | 'step-up';
