import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { validate } from 'uuid';
import { notFound, type Origin, type Principal, ProblemError } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { isBreakGlass } from '../break-glass/break-glass.queries.js';
import { accountOfId } from '../person/account.queries.js';
import { Passwords } from '../person/password.js';
import { insertTicket, isUnused, tryTicket } from '../person/ticket.queries.js';
import { conflict, notAccepted } from '../refusal.js';
import type { Transport } from '../session/session.credentials.js';
import { AttemptLimits } from '../sign-in/attempt-limits.js';
import { type Enrolment, EnrolmentService } from '../sign-in/enrolment.service.js';
import { SessionService } from '../sign-in/session.service.js';
import { freshToken, hashOfToken } from '../token.js';
import { lockFactors, removeFactors, voidEnrolments } from './factor.queries.js';

const TICKET_MINUTES = 24 * 60;
const MOST_TRIES = 10;

export interface FactorReset {
  /** For the person alone, who sends it with the password to POST /api/v1/auth/enrolment. Told this once. */
  readonly ticket: string;
  readonly ticketExpiresAt: Date;
}

/** For somebody who has lost every second factor: an administrator takes them away and hands over a ticket for a new enrolment. */
@Injectable()
export class ResetService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly passwords: Passwords,
    private readonly enrolments: EnrolmentService,
    private readonly sessions: SessionService,
    private readonly attempts: AttemptLimits,
  ) {}

  /** Also ends the person's sessions. Throws ProblemError 403 for oneself, 404, or 409 when the person is not active, and for the
   *  break-glass account. */
  async reset(by: Principal, id: string, reason: string): Promise<FactorReset> {
    if (by.id === id.toLowerCase()) throw ownFactors();
    const account = validate(id) ? await accountOfId(this.dataSource.manager, id) : undefined;
    if (!account || account.status === 'deleted') throw notFound('person');
    if (account.status !== 'active') throw conflict('Only an active person has second factors to reset.');
    if (await isBreakGlass(this.dataSource.manager, account.id))
      throw conflict('Seal the break-glass account anew instead.');
    const about = { subject: accountSubject(account.id), fields: { account: account.id } };
    const record = await this.log.seal({ event: 'factors-reset', by, about, why: reason });
    const ticket = freshToken('lxt');
    return this.dataSource.transaction(async (tx) => {
      await lockFactors(tx, account.id);
      await removeFactors(tx, account.id);
      await voidEnrolments(tx, account.id);
      await this.sessions.closeAll(tx, account.id);
      const hash = hashOfToken(ticket);
      const ticketExpiresAt = await insertTicket(tx, hash, 'factor-reset', account.id, TICKET_MINUTES);
      await this.log.append(tx, record);
      return { ticket, ticketExpiresAt };
    });
  }

  /** Begins the new enrolment with the ticket and the password: both, always. The ticket counts until an enrolment is finished.
   *  Throws ProblemError 401, or 429 after too many failures. */
  async enrol(ticket: string, password: string, from: Origin, transport: Transport): Promise<Enrolment> {
    const { manager } = this.dataSource;
    const fromAddress = await this.attempts.address(from.address);
    const hash = hashOfToken(ticket);
    const account = await tryTicket(manager, hash, 'factor-reset', MOST_TRIES);
    if (!account) throw refused();
    const atAccount = await this.attempts.account('password', account.email, from.address);
    const stored = account.status === 'active' ? account.password : null;
    if (!(await this.passwords.matches(stored, password))) {
      const about = { subject: accountSubject(account.id), fields: { account: account.id } };
      const failed = await this.log.seal({ event: 'login-failed', about, from, public: { step: 'enrolment' } });
      await this.dataSource.transaction((tx) => this.log.append(tx, failed));
      throw refused();
    }
    await Promise.all([fromAddress.succeeded(), atAccount.succeeded()]);
    return this.dataSource.transaction(async (tx) => {
      await lockFactors(tx, account.id);
      if (!(await isUnused(tx, hash))) throw refused();
      return this.enrolments.begin(tx, account, { transport, again: true });
    });
  }
}

const ownFactors = (): ProblemError =>
  new ProblemError({
    status: 403,
    type: 'own-account',
    title: 'Not for oneself',
    detail: 'Somebody else with this permission has to do it.',
  });

const refused = (): ProblemError => notAccepted('The ticket or the password is not valid, or not any more.');
