import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { validate } from 'uuid';
import { notFound, type Principal } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { conflict } from '../refusal.js';
import { endOf, type Grant, type GrantTerms, ownGrant } from './grant.js';
import { activeRolesOf, endGrant, grantsOf, insertGrant } from './grant.queries.js';
import { lockAccount, requireAdministrator } from './standing.queries.js';

export type GivenGrant = Pick<Grant, 'role'> &
  Pick<GrantTerms, 'justification' | 'ticket'> & {
    /** RFC 3339. */
    readonly endsAt: string;
  };

/** Roles given and taken back, by somebody else than whom they are for, however the id is written. They count from the next request
 *  on. */
@Injectable()
export class GrantService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'GRANT_MAX_DAYS'>,
  ) {}

  /** Throws ProblemError 403 for oneself, 404, 409 when the person has the role, for an end that cannot be, for a third administrator. */
  async give(by: Principal, person: string, { role, justification, ticket, ...given }: GivenGrant): Promise<Grant> {
    if (!validate(person)) throw notFound('person');
    const accountId = person.toLowerCase();
    if (by.id === accountId) throw ownGrant();
    const endsAt = endOf(given.endsAt, Date.now(), this.settings.GRANT_MAX_DAYS);
    const record = await this.log.seal({
      event: 'grant-given',
      by,
      why: justification,
      about: { subject: accountSubject(accountId), fields: { account: accountId, ticket } },
      public: { role, endsAt: endsAt.toISOString() },
    });
    return this.dataSource.transaction(async (tx) => {
      if (!(await lockAccount(tx, accountId))) throw notFound('person');
      const terms = { justification, ticket, endsAt, source: 'person', grantedBy: by.id } as const;
      const grant = await insertGrant(tx, { accountId, role, ...terms });
      if (!grant) throw conflict('The person has this role.');
      await this.log.append(tx, record);
      return grant;
    });
  }

  /** Throws ProblemError 403 for oneself, 404, 409 when it has ended, or is the last administrator's. */
  async end(by: Principal, person: string, grantId: string, reason: string): Promise<void> {
    if (!validate(person) || !validate(grantId)) throw notFound('grant');
    const [accountId, id] = [person.toLowerCase(), grantId.toLowerCase()];
    if (by.id === accountId) throw ownGrant();
    const { manager } = this.dataSource;
    const grant = (await grantsOf(manager, accountId)).find((one) => one.id === id);
    if (!grant) throw notFound('grant');
    const record = await this.log.seal({
      event: 'grant-ended',
      by,
      why: reason,
      about: { subject: accountSubject(accountId), fields: { account: accountId } },
      public: { role: grant.role },
    });
    await this.dataSource.transaction(async (tx) => {
      const before = await activeRolesOf(tx, accountId);
      if (!(await endGrant(tx, id, by.id, reason))) throw conflict('The grant has ended.');
      if (grant.role === 'admin' && before.includes('admin')) await requireAdministrator(tx);
      await this.log.append(tx, record);
    });
  }
}
