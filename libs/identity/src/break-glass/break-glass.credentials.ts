import { randomInt } from 'node:crypto';
import { Secret } from 'otpauth';

/** What goes into the envelope. Told this once. */
export interface SealedCredentials {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  /** Base32, for an authenticator app: SHA-1, six digits, 30 seconds. */
  readonly totpSecret: string;
  readonly endsAt: Date;
}

/** Without letters and digits that look alike on paper. 30 of them: four make 19 bits. */
const PAPER = 'abcdefghjkmnpqrstuvwxyz23456789';
const fourOfPaper = (): string => Array.from({ length: 4 }, () => PAPER[randomInt(PAPER.length)]).join('');
const groups = (count: number): string => Array.from({ length: count }, fourOfPaper).join('-');

/** A name nobody can guess, so that nobody can lock the account by failing to sign in with it. */
export const freshName = (): string => `break-glass-${groups(3)}@lexecon.invalid`;

/** 158 random bits, to be typed from paper. */
export const freshPassword = (): string => groups(8);

export const base32Of = (secret: Buffer): string => new Secret({ buffer: Uint8Array.from(secret).buffer }).base32;
