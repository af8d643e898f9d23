import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { validate } from 'uuid';
import { notFound, type Origin, type Principal, type ProblemError, unprocessable } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { isBreakGlass } from '../break-glass/break-glass.queries.js';
import { conflict, notAccepted } from '../refusal.js';
import { AttemptLimits } from '../sign-in/attempt-limits.js';
import { SessionService } from '../sign-in/session.service.js';
import { freshToken, hashOfToken } from '../token.js';
import type { Account } from './account.js';
import { accountOfId, replacePassword } from './account.queries.js';
import { ownGrant } from './grant.js';
import { Passwords } from './password.js';
import { lockAccount, voidTickets } from './standing.queries.js';
import { insertTicket, tryTicket, useTicket } from './ticket.queries.js';

const RESET_MINUTES = 24 * 60;
const INVITATION_MINUTES = 7 * 24 * 60;
const MOST_TRIES = 100;

export interface PasswordReset {
  /** Where the token is sent with the new password: for somebody invited, activate; else password/reset. */
  readonly next: 'activate' | 'reset';
  /** For the person alone. Told this once. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** Passwords changed by whoever knows the current one, or by whoever was handed a reset. The second factor stays as it is. */
@Injectable()
export class PasswordService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly passwords: Passwords,
    private readonly sessions: SessionService,
    private readonly attempts: AttemptLimits,
  ) {}

  /** Ends all other sessions of the caller. Throws ProblemError 401 for a wrong current password, 429 after too many, 422 for a new one
   *  that is easy to guess or no new one. */
  async change(by: Principal, current: string, password: string, from: Origin): Promise<void> {
    const account = await accountOfId(this.dataSource.manager, by.id);
    if (account?.password == null) throw notAccepted('The current password is not this one.');
    const attempt = await this.attempts.account('password', account.email, from.address);
    if (!(await this.passwords.matches(account.password, current))) {
      const failed = await this.log.seal({ event: 'login-failed', by, from, public: { step: 'password-change' } });
      await this.dataSource.transaction((tx) => this.log.append(tx, failed));
      throw notAccepted('The current password is not this one.');
    }
    await attempt.succeeded();
    if (current.normalize('NFKC') === password.normalize('NFKC'))
      throw unprocessable([{ pointer: '/password', detail: 'is the one you have' }]);
    const { id } = account;
    const [stored, record] = await Promise.all([
      this.passwords.choose(password, account.email),
      this.log.seal({ event: 'password-changed', by, from, about: aboutOf(account) }),
    ]);
    await this.dataSource.transaction(async (tx) => {
      if (!(await replacePassword(tx, id, account.password, stored)))
        throw conflict('The password was changed by somebody else at the same time.');
      await voidTickets(tx, id);
      await this.sessions.closeAll(tx, id, by.session ?? null);
      await this.log.append(tx, record);
    });
  }

  /** From here on the old password and every session of the person count for nothing: for one that was forgotten, and for one that
   *  somebody else may know. Somebody invited gets another invitation. Throws ProblemError 403 for oneself, 404, 409 for somebody
   *  disabled, for somebody without a password (single sign-on), for the break-glass account, which is sealed anew instead, and when
   *  the password is changed at the same time. */
  async reset(by: Principal, id: string, reason: string): Promise<PasswordReset> {
    const { manager } = this.dataSource;
    if (by.id === id.toLowerCase()) throw ownGrant();
    const account = validate(id) ? await accountOfId(manager, id) : undefined;
    if (!account || account.status === 'deleted') throw notFound('person');
    if (await isBreakGlass(manager, account.id)) throw conflict('Seal the break-glass account anew instead.');
    if (account.status === 'disabled') throw conflict('A disabled person is enabled first.');
    const invited = account.status === 'invited';
    if (!invited && account.password === null) throw conflict('The account has no password: its provider signs it in.');
    const nobodys = invited ? null : await this.passwords.hash(randomBytes(32).toString('base64'));
    const record = await this.log.seal({ event: 'password-reset-issued', by, why: reason, about: aboutOf(account) });
    const token = freshToken('lxt');
    return this.dataSource.transaction(async (tx) => {
      const now = await lockAccount(tx, account.id);
      if (now?.status !== account.status) throw conflict('The account has changed at the same time.');
      if (nobodys !== null && !(await replacePassword(tx, account.id, account.password, nobodys)))
        throw conflict('The password was changed at the same time.');
      await voidTickets(tx, account.id);
      await this.sessions.closeAll(tx, account.id);
      const [purpose, minutes] = invited
        ? (['invitation', INVITATION_MINUTES] as const)
        : (['password-reset', RESET_MINUTES] as const);
      const expiresAt = await insertTicket(tx, hashOfToken(token), purpose, account.id, minutes);
      await this.log.append(tx, record);
      return { next: invited ? 'activate' : 'reset', token, expiresAt };
    });
  }

  /** Throws ProblemError 401 for a token that is unknown, old or used, 422 for a password that is easy to guess. */
  async redeem(token: string, password: string, from: Origin): Promise<void> {
    const hash = hashOfToken(token);
    const account = await tryTicket(this.dataSource.manager, hash, 'password-reset', MOST_TRIES);
    if (!account) throw refused();
    const [stored, record] = await Promise.all([
      this.passwords.choose(password, account.email),
      this.log.seal({ event: 'password-reset', from, about: aboutOf(account) }),
    ]);
    await this.dataSource.transaction(async (tx) => {
      if (!(await useTicket(tx, hash)) || !(await replacePassword(tx, account.id, account.password, stored)))
        throw refused();
      // Whoever lost both was handed both: the ticket for new factors wants this password.
      await voidTickets(tx, account.id, 'factor-reset');
      await this.sessions.closeAll(tx, account.id);
      await this.log.append(tx, record);
    });
  }
}

const aboutOf = ({ id }: Pick<Account, 'id'>) => ({ subject: accountSubject(id), fields: { account: id } });

const refused = (): ProblemError => notAccepted('The reset is not valid, or was used before.');
