import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ProblemError } from '@lexecon/auth';
import { SecretBox } from '@lexecon/vault';
import { type AccessFact, AccessLog, accountSubject } from '../access/access-log.js';
import type { Account } from '../person/account.js';
import { insertTicket, storeTotpSecret, tryTicket, useTicket, useTotpStep } from '../person/account.queries.js';
import { notAccepted } from '../refusal.js';
import { type OpenedSession, SessionService } from './session.service.js';
import { freshToken, hashOfToken } from '../token.js';
import { enrolmentUri, freshTotpSecret, stepOfCode } from './totp.js';

const MINUTES = 15;
const MOST_TRIES = 10;

export interface Enrolment {
  readonly next: 'enrolment';
  /** To be sent with the first code to POST /api/v1/auth/totp, within 15 minutes. */
  readonly enrolment: string;
  /** `otpauth://` for the authenticator app. */
  readonly uri: string;
}

/** Second factors: made, confirmed by a first code, sealed at rest. */
@Injectable()
export class EnrolmentService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly box: SecretBox,
    private readonly sessions: SessionService,
  ) {}

  /** A new secret for somebody who has no confirmed one. Whoever calls has checked the person's first proof. */
  async begin(
    tx: EntityManager,
    { id, email }: Pick<Account, 'id' | 'email'>,
    secret = freshTotpSecret(),
  ): Promise<Enrolment> {
    if (!(await storeTotpSecret(tx, id, this.seal(id, secret)))) throw refused();
    const enrolment = freshToken('lxt');
    await insertTicket(tx, hashOfToken(enrolment), 'enrolment', id, MINUTES);
    return { next: 'enrolment', enrolment, uri: enrolmentUri(secret, email) };
  }

  /** Confirms the secret and signs in: the first proof and this one are both fresh. Throws ProblemError 401. */
  async confirm(enrolment: string, code: string, from: Pick<AccessFact, 'public'>): Promise<OpenedSession> {
    const hash = hashOfToken(enrolment);
    const account = await tryTicket(this.dataSource.manager, hash, 'enrolment', MOST_TRIES);
    const step = account && this.stepOf(account, code);
    if (!account || step == null) throw refused();
    const about = { subject: accountSubject(account.id), fields: { account: account.id } };
    const record = await this.log.seal({ event: 'factor-enrolled', about, public: { ...from.public, factor: 'totp' } });
    return this.dataSource.transaction(async (tx) => {
      if (!(await useTicket(tx, hash)) || !(await useTotpStep(tx, account, step))) throw refused();
      const session = await this.sessions.open(tx, account.id, 'full');
      await this.log.append(tx, record);
      return session;
    });
  }

  /** The time step a code of this account stands for; null when it is none, or not later than the last one used. */
  stepOf({ id, totpSecret, totpStep }: Account, code: string): number | null {
    if (totpSecret === null) return null;
    return stepOfCode(code, this.box.open(totpSecret, boundTo(id)), totpStep, Date.now());
  }

  /** The secret as it is stored: readable with the deployment's key only, and for this account only. */
  seal(accountId: string, secret: Buffer): Buffer {
    return this.box.seal(secret, boundTo(accountId));
  }
}

const boundTo = (accountId: string): string => `totp:${accountId}`;

const refused = (): ProblemError => notAccepted('The code or the enrolment is not valid, or was used before.');
