import { Injectable } from '@nestjs/common';
import { SecretBox } from '@lexecon/vault';
import type { Account } from '../person/account.js';
import { stepOfCode } from '../sign-in/totp.js';

/** Secrets of authenticator apps: sealed at rest, each for its account only. */
@Injectable()
export class TotpVault {
  constructor(private readonly box: SecretBox) {}

  /** The time step a code of this account stands for; null when it is none, or not later than the last one used. */
  stepOf({ id, totpSecret, totpStep }: Pick<Account, 'id' | 'totpSecret' | 'totpStep'>, code: string): number | null {
    if (totpSecret === null) return null;
    return stepOfCode(code, this.box.open(totpSecret, boundTo(id)), totpStep, Date.now());
  }

  /** The secret as it is stored: readable with the deployment's key only, and for this account only. */
  seal(accountId: string, secret: Buffer): Buffer {
    return this.box.seal(secret, boundTo(accountId));
  }
}

const boundTo = (accountId: string): string => `totp:${accountId}`;
