import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7, validate } from 'uuid';
import { notFound, type Origin, type Principal, type ProblemError } from '@lexecon/auth';
import { type Page, pageOf } from '@lexecon/database';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { normalEmail, type Person } from './account.js';
import { activateAccount, insertAccount, peopleBefore, personOf } from './account.queries.js';
import { insertTicket, tryTicket, useTicket } from './ticket.queries.js';
import { endOf, type Grant, type GrantTerms } from './grant.js';
import { grantsOf, insertGrant } from './grant.queries.js';
import { idOfCursor, PAGE } from '../cursor.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { type Enrolment, EnrolmentService } from '../sign-in/enrolment.service.js';
import { AttemptLimits } from '../sign-in/attempt-limits.js';
import { Passwords } from './password.js';
import { emailTaken, notAccepted } from '../refusal.js';
import type { Transport } from '../session/session.credentials.js';
import { freshToken, hashOfToken } from '../token.js';

const INVITATION_MINUTES = 7 * 24 * 60;
/** An invitation is 256 random bits: tries are not limited for its sake, but a stolen one should not be hashed against for ever. */
const MOST_TRIES = 100;

export type Invitation = Pick<Person, 'email' | 'roles'> &
  Pick<GrantTerms, 'justification' | 'ticket'> & {
    /** RFC 3339. */
    readonly endsAt: string;
  };

export interface PersonWithGrants extends Person {
  /** Newest first, ended ones too. */
  readonly grants: readonly Grant[];
}

export interface Invited extends Person {
  /** To be handed to the person, who sends it with a password to POST /api/v1/auth/activate. Told this once. */
  readonly invitation: string;
  readonly invitationExpiresAt: Date;
}

/** People who may sign in: invited by somebody, activated by themselves. */
@Injectable()
export class PersonService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly passwords: Passwords,
    private readonly enrolments: EnrolmentService,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'GRANT_MAX_DAYS'>,
    private readonly attempts: AttemptLimits,
  ) {}

  async list(cursor: string | undefined, limit = PAGE): Promise<Page<Person>> {
    const rows = await peopleBefore(this.dataSource.manager, idOfCursor(cursor), limit + 1);
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  /** Throws ProblemError 404. Of somebody deleted the row without personal data. */
  async read(id: string): Promise<PersonWithGrants> {
    const { manager } = this.dataSource;
    const person = validate(id) ? await personOf(manager, id) : undefined;
    if (!person) throw notFound('person');
    return { ...person, grants: await grantsOf(manager, id) };
  }

  /** Throws ProblemError 409 when the e-mail address has an account, in any spelling; for a third administrator; for an end date
   *  that cannot be. */
  async invite(by: Principal, { roles, ticket, justification, ...given }: Invitation): Promise<Invited> {
    const endsAt = endOf(given.endsAt, Date.now(), this.settings.GRANT_MAX_DAYS);
    const [id, email] = [uuid7(), normalEmail(given.email)];
    const account = { id, email, justification, status: 'invited', password: null, grantedBy: by.id } as const;
    const record = await this.log.seal({
      event: 'person-invited',
      by,
      why: justification,
      about: { subject: accountSubject(id), fields: { account: id, email, ticket } },
      public: { roles: [...roles], endsAt: endsAt.toISOString() },
    });
    const invitation = freshToken('lxt');
    return this.dataSource.transaction(async (tx) => {
      if (!(await insertAccount(tx, account))) throw emailTaken();
      const terms = { justification, ticket, endsAt, source: 'person', grantedBy: by.id } as const;
      for (const role of roles) await insertGrant(tx, { ...terms, accountId: id, role });
      const person = await personOf(tx, id);
      if (!person) throw new Error('the account was not stored');
      const invitationExpiresAt = await insertTicket(tx, hashOfToken(invitation), 'invitation', id, INVITATION_MINUTES);
      await this.log.append(tx, record);
      return { ...person, invitation, invitationExpiresAt };
    });
  }

  /** Sets the password and begins the second factor. Throws ProblemError 401 for an invitation that is unknown, old or used, 429 for an
   *  address that has sent too many of them. */
  async activate(
    invitation: string,
    password: string,
    from: Origin,
    transport: Transport = 'bearer',
  ): Promise<Enrolment> {
    const attempt = await this.attempts.address(from.address);
    const hash = hashOfToken(invitation);
    const account = await tryTicket(this.dataSource.manager, hash, 'invitation', MOST_TRIES);
    if (!account) throw refused();
    const [stored, record] = await Promise.all([
      this.passwords.choose(password, account.email),
      this.log.seal({
        event: 'person-activated',
        from,
        proof: 'invitation',
        about: { subject: accountSubject(account.id), fields: { account: account.id } },
      }),
    ]);
    const begun = await this.dataSource.transaction(async (tx) => {
      if (!(await useTicket(tx, hash)) || !(await activateAccount(tx, account.id, stored))) throw refused();
      const enrolment = await this.enrolments.begin(tx, account, { transport });
      await this.log.append(tx, record);
      return enrolment;
    });
    await attempt.succeeded();
    return begun;
  }
}

const refused = (): ProblemError => notAccepted('The invitation is not valid, or was used before.');
