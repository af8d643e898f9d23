import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Account } from '../person/account.js';
import { useTotpStep } from '../person/account.queries.js';
import type { Assertion } from '../passkey/passkey.js';
import { PasskeyService } from '../passkey/passkey.service.js';
import { hasRecoveryCode, useRecoveryCode } from './factor.queries.js';
import { hashOfRecoveryCode } from './recovery-code.js';
import { TotpVault } from './totp.vault.js';

export type Factor = 'totp' | 'passkey' | 'recovery-code';

/** What a person sends to prove a second factor: exactly one of them. */
export interface GivenProof {
  readonly code?: string | undefined;
  readonly recoveryCode?: string | undefined;
  readonly assertion?: Assertion | undefined;
}

/** A proof that is right, and counts once it is used. */
export interface Proven {
  readonly factor: Factor;
  /** To be called in the transaction that acts on the proof. False when it was used by somebody else meanwhile: of any number who send
   *  one proof at the same time, one gets true. */
  readonly use: (tx: EntityManager) => Promise<boolean>;
}

/** Second factors, whichever the person has. */
@Injectable()
export class ProofService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly totp: TotpVault,
    private readonly passkeys: PasskeyService,
  ) {}

  /** Null when it is not right. */
  async check(account: Account, given: GivenProof, purpose: 'second-factor' | 'step-up'): Promise<Proven | null> {
    if (given.code !== undefined) return this.#totp(account, given.code);
    if (given.recoveryCode !== undefined) return this.#recovery(account, given.recoveryCode);
    if (given.assertion === undefined) return null;
    const proven = await this.passkeys.verifyAssertion(purpose, account.id, given.assertion);
    return proven && { factor: 'passkey', use: proven.use };
  }

  #totp(account: Account, code: string): Proven | null {
    // A secret whose first code was never used is being enrolled: it proves nothing yet.
    const step = account.totpStep > 0 ? this.totp.stepOf(account, code) : null;
    return step === null ? null : { factor: 'totp', use: (tx) => useTotpStep(tx, account, step) };
  }

  async #recovery({ id }: Account, code: string): Promise<Proven | null> {
    const hash = hashOfRecoveryCode(code);
    if (!(await hasRecoveryCode(this.dataSource.manager, id, hash))) return null;
    return { factor: 'recovery-code', use: (tx) => useRecoveryCode(tx, id, hash) };
  }
}
