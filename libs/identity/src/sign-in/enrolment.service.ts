import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { IncomingRequest, ProblemError } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { networkOf } from '../address.js';
import { lockFactors, markEnrolled, replaceRecoveryCodes, voidEnrolments } from '../factor/factor.queries.js';
import { freshRecoveryCodes, hashOfRecoveryCode } from '../factor/recovery-code.js';
import { TotpVault } from '../factor/totp.vault.js';
import type { Attestation } from '../passkey/passkey.js';
import { PasskeyService } from '../passkey/passkey.service.js';
import type { RegistrationOptions } from '../passkey/webauthn.js';
import type { Account } from '../person/account.js';
import { storeTotpSecret, useTotpStep } from '../person/account.queries.js';
import { type Holder, insertTicket, tryTicket, useTicket } from '../person/ticket.queries.js';
import { notAccepted } from '../refusal.js';
import { SessionCarrier } from '../session/session.carrier.js';
import type { Transport } from '../session/session.credentials.js';
import { type OpenedSession, SessionService } from './session.service.js';
import { freshToken, hashOfToken } from '../token.js';
import { enrolmentUri, freshTotpSecret } from './totp.js';

const MINUTES = 15;
const MOST_TRIES = 10;

export interface Enrolment {
  readonly next: 'enrolment';
  /** To be sent with the first code to POST /api/v1/auth/totp, or with a passkey to …/enrolment/passkey, within 15 minutes. */
  readonly enrolment: string;
  /** `otpauth://` for the authenticator app. */
  readonly uri: string;
}

export interface Enrolled extends OpenedSession {
  /** For the day the second factor is lost. Told this once. */
  readonly recoveryCodes: readonly string[];
}

/** How an enrolment is carried on. */
export interface Enrolling {
  readonly transport?: Transport;
  /** Whether an administrator has taken the person's factors away and given a ticket for new ones. */
  readonly again?: boolean;
}

/** The first second factor of a person: an authenticator app or a passkey, and with it recovery codes and a session. */
@Injectable()
export class EnrolmentService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly totp: TotpVault,
    private readonly sessions: SessionService,
    private readonly passkeys: PasskeyService,
    private readonly carrier: SessionCarrier,
  ) {}

  /** A new secret for somebody who has no confirmed factor. Whoever calls has checked the person's first proof. */
  async begin(
    tx: EntityManager,
    { id, email }: Pick<Account, 'id' | 'email'>,
    { transport = 'bearer', again = false }: Enrolling = {},
  ): Promise<Enrolment> {
    const secret = freshTotpSecret();
    if (!(await storeTotpSecret(tx, id, this.totp.seal(id, secret), again))) throw refused();
    const enrolment = freshToken('lxt');
    await insertTicket(tx, hashOfToken(enrolment), 'enrolment', id, MINUTES, transport);
    return { next: 'enrolment', enrolment, uri: enrolmentUri(secret, email) };
  }

  /** Confirms the secret and signs in: the first proof and this one are both fresh. Throws ProblemError 401. */
  async confirm(enrolment: string, code: string, request: IncomingRequest): Promise<Enrolled> {
    const account = await this.#holderOf(enrolment, request);
    const step = this.totp.stepOf(account, code);
    if (step === null) throw refused();
    return this.#finish(account, enrolment, 'totp', request, async (tx) => {
      if (!(await useTotpStep(tx, account, step))) throw refused();
    });
  }

  /** What the browser needs to make a passkey instead. Throws ProblemError 401, or 422 when passkeys are not offered. */
  async passkeyOptions(enrolment: string): Promise<RegistrationOptions> {
    return this.passkeys.beginRegistration('enrolment', await this.#holderOf(enrolment));
  }

  /** Registers the passkey and signs in. Throws ProblemError 401. */
  async confirmPasskey(
    enrolment: string,
    given: { readonly attestation: Attestation; readonly label: string },
    request: IncomingRequest,
  ): Promise<Enrolled> {
    const account = await this.#holderOf(enrolment, request);
    const passkey = await this.passkeys.verifyRegistration('enrolment', account.id, given.attestation);
    return this.#finish(account, enrolment, 'passkey', request, async (tx) => {
      await this.passkeys.add(tx, account.id, given.label, passkey);
      await markEnrolled(tx, account.id);
    });
  }

  async #finish(
    account: Holder,
    enrolment: string,
    factor: 'totp' | 'passkey',
    request: IncomingRequest,
    store: (tx: EntityManager) => Promise<void>,
  ): Promise<Enrolled> {
    const { id, transport } = account;
    const recoveryCodes = freshRecoveryCodes();
    const record = await this.log.seal({
      event: 'factor-enrolled',
      about: { subject: accountSubject(id), fields: { account: id } },
      from: request,
      proof: factor,
      public: { factor },
    });
    return this.dataSource.transaction(async (tx) => {
      const had = await lockFactors(tx, id);
      if (had.totp || had.passkeys > 0 || !(await useTicket(tx, hashOfToken(enrolment)))) throw refused();
      await store(tx);
      await voidEnrolments(tx, id);
      await replaceRecoveryCodes(tx, id, recoveryCodes.map(hashOfRecoveryCode));
      const held = this.carrier.heldBy(transport, request);
      if (held !== null) await this.sessions.close(tx, held);
      const opening = { transport, method: factor, network: networkOf(request.address) };
      const session = await this.sessions.open(tx, id, 'full', opening);
      await this.log.append(tx, record);
      return { ...session, recoveryCodes };
    });
  }

  async #holderOf(enrolment: string, request?: IncomingRequest): Promise<Holder> {
    const account = await tryTicket(this.dataSource.manager, hashOfToken(enrolment), 'enrolment', MOST_TRIES);
    if (account?.status !== 'active') throw refused();
    if (request) this.carrier.assertPossible(account.transport, request);
    return account;
  }
}

const refused = (): ProblemError => notAccepted('The code or the enrolment is not valid, or was used before.');
