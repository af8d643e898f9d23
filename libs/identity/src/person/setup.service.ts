import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import type { Origin } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { normalEmail } from './account.js';
import { insertAccount } from './account.queries.js';
import { longestEnd } from './grant.js';
import { insertGrant } from './grant.queries.js';
import { networkOf } from '../address.js';
import { AttemptLimits } from '../sign-in/attempt-limits.js';
import { type Enrolment, EnrolmentService } from '../sign-in/enrolment.service.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { Passwords } from './password.js';
import { type OpenedSession, SessionService } from '../sign-in/session.service.js';
import { emailTaken, notAccepted } from '../refusal.js';
import { hashOfToken } from '../token.js';

export interface FirstAdministrator {
  readonly token: string;
  readonly email: string;
  readonly password: string;
}

/** The first administrator, made with the setup token, once. */
@Injectable()
export class SetupService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly passwords: Passwords,
    private readonly enrolments: EnrolmentService,
    private readonly sessions: SessionService,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'GRANT_MAX_DAYS'>,
    private readonly attempts: AttemptLimits,
  ) {}

  /** Makes `token` the setup token, in place of one that was not used. False when setup was done before: no token works any more. */
  async offer(token: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `INSERT INTO identity.setup AS s (hash) VALUES ($1)
       ON CONFLICT (one) DO UPDATE SET hash = excluded.hash WHERE s.used_at IS NULL RETURNING one`,
      [hashOfToken(token)],
    );
    return rows.length > 0;
  }

  /** Throws ProblemError 401 when the token is not the one, or was used; 409 when the e-mail address has an account, or there are two
   *  active administrators. */
  async setUp({ token, email, password }: FirstAdministrator, from: Origin): Promise<Enrolment & OpenedSession> {
    const { manager } = this.dataSource;
    const attempt = await this.attempts.address(from.address);
    const hash = hashOfToken(token);
    const known = await manager.query<unknown[]>('SELECT 1 FROM identity.setup WHERE hash = $1 AND used_at IS NULL', [
      hash,
    ]);
    if (known.length === 0) throw notAccepted('The setup token is not valid, or was used before.');
    const account = { id: uuid7(), email: normalEmail(email), status: 'active' } as const;
    const [stored, record] = await Promise.all([
      this.passwords.choose(password, account.email),
      this.log.seal({
        event: 'setup',
        from,
        proof: 'setup-token',
        about: { subject: accountSubject(account.id), fields: { account: account.id, email: account.email } },
        public: { roles: ['admin'] },
      }),
    ]);
    const opened = await this.dataSource.transaction(async (tx) => {
      const used = await tx.query<unknown[]>(
        `WITH used AS (UPDATE identity.setup SET used_at = now() WHERE hash = $1 AND used_at IS NULL RETURNING one)
         SELECT one FROM used`,
        [hash],
      );
      if (used.length === 0) throw notAccepted('The setup token is not valid, or was used before.');
      const first = { ...account, password: stored, justification: 'first administrator', grantedBy: null };
      if (!(await insertAccount(tx, first))) throw emailTaken();
      await insertGrant(tx, {
        accountId: account.id,
        role: 'admin',
        justification: first.justification,
        ticket: 'setup',
        source: 'setup',
        grantedBy: null,
        endsAt: longestEnd(Date.now(), this.settings.GRANT_MAX_DAYS),
      });
      const session = await this.sessions.open(tx, account.id, 'setup', {
        method: 'setup',
        network: networkOf(from.address),
      });
      const enrolment = await this.enrolments.begin(tx, account);
      await this.log.append(tx, record);
      return { ...enrolment, ...session };
    });
    await attempt.succeeded();
    return opened;
  }
}
