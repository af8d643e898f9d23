import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ProblemError } from '@lexecon/auth';
import { type AccessFact, AccessLog, accountSubject } from '../access/access-log.js';
import type { AccessEvent } from '../access/access.kind.js';
import { type Account, normalEmail } from '../person/account.js';
import {
  accountOfEmail,
  insertTicket,
  storePassword,
  tryTicket,
  useTicket,
  useTotpStep,
} from '../person/account.queries.js';
import { networkOf } from '../address.js';
import { AttemptLimits } from './attempt-limits.js';
import { type Enrolment, EnrolmentService } from './enrolment.service.js';
import { Passwords } from '../person/password.js';
import { notAccepted } from '../refusal.js';
import { type OpenedSession, SessionService } from './session.service.js';
import { freshToken, hashOfToken } from '../token.js';

const CHALLENGE_MINUTES = 5;
const MOST_CODES = 5;
/** A refused login answers after a whole number of these milliseconds, so that time does not tell why it was refused. */
const BEAT_MS = 250;

export interface Challenge {
  readonly next: 'secondFactor';
  readonly challenge: string;
}

/** Signing in: a password, then a second factor, always both. */
@Injectable()
export class SignInService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly passwords: Passwords,
    private readonly enrolments: EnrolmentService,
    private readonly sessions: SessionService,
    private readonly attempts: AttemptLimits,
  ) {}

  /** Throws ProblemError 401 for a wrong password as for an unknown account, 429 after too many failures. */
  async login(email: string, password: string, address: string): Promise<Challenge | Enrolment> {
    const started = performance.now();
    const name = normalEmail(email);
    const { manager } = this.dataSource;
    const fromAddress = await this.attempts.address(address);
    const atAccount = await this.attempts.account('password', name, address);
    const account = await accountOfEmail(manager, name);
    const stored = account?.status === 'active' ? account.password : null;
    const matches = await this.passwords.matches(stored, password);
    if (!account || stored === null || !matches) {
      await this.recordFailure('password', account, address);
      await restOfBeat(started);
      throw refused();
    }
    await Promise.all([fromAddress.succeeded(), atAccount.succeeded()]);
    if (this.passwords.isOutdated(stored))
      await storePassword(manager, account.id, stored, await this.passwords.hash(password));
    return account.totpEnrolled
      ? this.challenge(account)
      : this.dataSource.transaction((tx) => this.enrolments.begin(tx, account));
  }

  /** Throws ProblemError 401, or 429 after too many failures. */
  async secondFactor(challenge: string, code: string, address: string): Promise<OpenedSession> {
    const { manager } = this.dataSource;
    const fromAddress = await this.attempts.address(address);
    const hash = hashOfToken(challenge);
    const account = await tryTicket(manager, hash, 'second-factor', MOST_CODES);
    if (!account) throw refused();
    const atAccount = await this.attempts.account('second-factor', account.email, address);
    const step = this.enrolments.stepOf(account, code);
    const session = step === null ? null : await this.signIn(account, hash, step, address);
    if (!session) {
      await this.recordFailure('second-factor', account, address);
      throw refused();
    }
    await Promise.all([fromAddress.succeeded(), atAccount.succeeded()]);
    await this.attempts.signedIn(account.email, address);
    return session;
  }

  /** Throws ProblemError 401 when the session had ended before. */
  async logout(token: string): Promise<void> {
    const principal = await this.sessions.principalOf(token);
    if (!principal) throw refused();
    const record = await this.log.seal({ event: 'logout', by: principal });
    await this.dataSource.transaction(async (tx) => {
      if (!(await this.sessions.close(tx, token))) throw refused();
      await this.log.append(tx, record);
    });
  }

  private async challenge(account: Account): Promise<Challenge> {
    const challenge = freshToken('lxt');
    await insertTicket(this.dataSource.manager, hashOfToken(challenge), 'second-factor', account.id, CHALLENGE_MINUTES);
    return { next: 'secondFactor', challenge };
  }

  /** Null when the code or the challenge was used by somebody else meanwhile. */
  private async signIn(account: Account, hash: Buffer, step: number, address: string): Promise<OpenedSession | null> {
    const record = await this.log.seal(factOf('login', account, address));
    return this.dataSource.transaction(async (tx) => {
      if (!(await useTotpStep(tx, account, step)) || !(await useTicket(tx, hash))) return null;
      const session = await this.sessions.open(tx, account.id, 'full');
      await this.log.append(tx, record);
      return session;
    });
  }

  private async recordFailure(
    step: 'password' | 'second-factor',
    account: Account | undefined,
    address: string,
  ): Promise<void> {
    const record = await this.log.seal(factOf('login-failed', account, address, { step }));
    await this.dataSource.transaction((tx) => this.log.append(tx, record));
  }
}

/** Without an account nothing personal is kept: neither the e-mail that was tried nor more of the address than its network. */
function factOf(
  event: AccessEvent,
  account: Account | undefined,
  address: string,
  more: { readonly step?: string } = {},
): AccessFact {
  const open = { network: networkOf(address), ...more };
  if (!account) return { event, public: open };
  return {
    event,
    public: open,
    about: { subject: accountSubject(account.id), fields: { account: account.id, address } },
  };
}

async function restOfBeat(started: number): Promise<void> {
  const elapsed = performance.now() - started;
  await new Promise((resolve) => {
    setTimeout(resolve, BEAT_MS - (elapsed % BEAT_MS));
  });
}

const refused = (): ProblemError => notAccepted('What you sent to sign in is not valid, or not any more.');
