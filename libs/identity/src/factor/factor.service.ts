import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { validate } from 'uuid';
import { notFound, type Principal, ProblemError } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import type { AccessEvent } from '../access/access.kind.js';
import type { Attestation, PasskeySummary } from '../passkey/passkey.js';
import { deletePasskey, summariesOf } from '../passkey/passkey.queries.js';
import { PasskeyService } from '../passkey/passkey.service.js';
import type { RegistrationOptions } from '../passkey/webauthn.js';
import type { Account } from '../person/account.js';
import { accountOfId } from '../person/account.queries.js';
import { notAccepted } from '../refusal.js';
import { SessionService } from '../sign-in/session.service.js';
import { enrolmentUri, freshTotpSecret } from '../sign-in/totp.js';
import {
  adoptReplacement,
  factorsOf,
  type FactorState,
  lockFactors,
  removeTotp,
  replacementOf,
  replaceRecoveryCodes,
  storeReplacement,
} from './factor.queries.js';
import { freshRecoveryCodes, hashOfRecoveryCode } from './recovery-code.js';
import { TotpVault } from './totp.vault.js';

const MINUTES = 15;

/** One's own second factors. Every change is on record, and ends all other sessions of the person. */
@Injectable()
export class FactorService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly totp: TotpVault,
    private readonly passkeys: PasskeyService,
    private readonly sessions: SessionService,
  ) {}

  stateOf({ id }: Principal): Promise<FactorState> {
    return factorsOf(this.dataSource.manager, id);
  }

  passkeysOf({ id }: Principal): Promise<readonly PasskeySummary[]> {
    return summariesOf(this.dataSource.manager, id);
  }

  /** A secret for an app that will take the place of the one in use once its first code comes, within 15 minutes. */
  async beginTotp(by: Principal): Promise<{ readonly uri: string }> {
    const { id, email } = await this.#accountOf(by);
    const secret = freshTotpSecret();
    await storeReplacement(this.dataSource.manager, id, this.totp.seal(id, secret), MINUTES);
    return { uri: enrolmentUri(secret, email) };
  }

  /** Throws ProblemError 401 when it is not a code of the secret that was given last. */
  async confirmTotp(by: Principal, code: string): Promise<void> {
    const totpSecret = await replacementOf(this.dataSource.manager, by.id);
    const step = totpSecret ? this.totp.stepOf({ id: by.id, totpSecret, totpStep: 0 }, code) : null;
    if (!totpSecret || step === null) throw refused();
    await this.#change(by, 'factor-enrolled', { factor: 'totp' }, async (tx) => {
      if (!(await adoptReplacement(tx, by.id, totpSecret, step))) throw refused();
    });
  }

  /** Throws ProblemError 404 without an app, 409 when it is the last factor. */
  async removeTotp(by: Principal): Promise<void> {
    await this.#change(by, 'factor-removed', { factor: 'totp' }, async (tx, has) => {
      if (!has.totp) throw notFound('authenticator app');
      if (has.passkeys === 0) throw lastFactor();
      await removeTotp(tx, by.id);
    });
  }

  /** What the browser needs to make a passkey. Throws ProblemError 422 when passkeys are not offered. */
  async passkeyOptions(by: Principal): Promise<RegistrationOptions> {
    return this.passkeys.beginRegistration('registration', await this.#accountOf(by));
  }

  /** Throws ProblemError 401 when it is not in order, 409 when it is registered already. */
  async addPasskey(by: Principal, attestation: Attestation, label: string): Promise<PasskeySummary> {
    const passkey = await this.passkeys.verifyRegistration('registration', by.id, attestation);
    return this.#change(by, 'factor-enrolled', { factor: 'passkey' }, (tx) =>
      this.passkeys.add(tx, by.id, label, passkey),
    );
  }

  /** Throws ProblemError 404, or 409 when it is the last factor. */
  async removePasskey(by: Principal, id: string): Promise<void> {
    if (!validate(id)) throw notFound('passkey');
    await this.#change(by, 'factor-removed', { factor: 'passkey' }, async (tx, has) => {
      if (!(await deletePasskey(tx, by.id, id))) throw notFound('passkey');
      if (!has.totp && has.passkeys === 1) throw lastFactor();
    });
  }

  /** New recovery codes; the old ones do not count any more. */
  async renewCodes(by: Principal): Promise<readonly string[]> {
    const codes = freshRecoveryCodes();
    await this.#change(by, 'recovery-codes-made', {}, (tx) =>
      replaceRecoveryCodes(tx, by.id, codes.map(hashOfRecoveryCode)),
    );
    return codes;
  }

  /** `make` runs while nobody else changes factors of this person, and learns which there are. */
  async #change<Made>(
    by: Principal,
    event: AccessEvent,
    open: Readonly<Record<string, string>>,
    make: (tx: EntityManager, has: FactorState) => Promise<Made>,
  ): Promise<Made> {
    const about = { subject: accountSubject(by.id), fields: { account: by.id } };
    const record = await this.log.seal({ event, by, about, public: open });
    return this.dataSource.transaction(async (tx) => {
      const made = await make(tx, await lockFactors(tx, by.id));
      await this.sessions.closeAll(tx, by.id, by.session ?? null);
      await this.log.append(tx, record);
      return made;
    });
  }

  async #accountOf({ id }: Principal): Promise<Account> {
    const account = await accountOfId(this.dataSource.manager, id);
    if (!account) throw notFound('account');
    return account;
  }
}

const lastFactor = (): ProblemError =>
  new ProblemError({
    status: 409,
    type: 'last-factor',
    title: 'The last second factor stays',
    detail: 'Nobody signs in without a second factor: add another one first.',
  });

const refused = (): ProblemError => notAccepted('The code is not valid, or its secret was replaced or is too old.');
