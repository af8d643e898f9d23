import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { validate } from 'uuid';
import { notFound, type Principal, ProblemError } from '@lexecon/auth';
import { SubjectVault } from '@lexecon/vault';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { forgetPerson } from '../access/access.queries.js';
import type { AccessEvent } from '../access/access.kind.js';
import { isBreakGlass } from '../break-glass/break-glass.queries.js';
import { forgetReasons } from '../access-review/access-review.queries.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { conflict } from '../refusal.js';
import { SessionService } from '../sign-in/session.service.js';
import type { Person } from './account.js';
import { personOf } from './account.queries.js';
import { ownGrant } from './grant.js';
import { activeRolesOf } from './grant.queries.js';
import {
  accountsToErase,
  deleteAccount,
  disableAccount,
  enableAccount,
  idleAccounts,
  lockAccount,
  markErased,
  requireAdministrator,
} from './standing.queries.js';

/** Whether people may come in at all: disabled, enabled, deleted. Their sessions end with it. Ids are taken in lower case: one person has
 *  one key in the vault, however their id is written. */
@Injectable()
export class StandingService {
  readonly #log = new Logger('People');

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly sessions: SessionService,
    private readonly vault: SubjectVault,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'ACCOUNT_IDLE_DAYS'>,
  ) {}

  /** Throws ProblemError 403 for oneself, 404, 409 when disabled already or for the last administrator. */
  async disable(by: Principal, given: string, reason: string): Promise<Person> {
    const id = given.toLowerCase();
    return this.change('person-disabled', by, id, reason, (tx) => this.end(tx, id, disableAccount));
  }

  /** Throws ProblemError 403 for oneself, 404, 409 when not disabled or for a third administrator. */
  async enable(by: Principal, given: string, reason: string): Promise<Person> {
    const id = given.toLowerCase();
    return this.change('person-enabled', by, id, reason, (tx) => enableAccount(tx, id));
  }

  /** Resolves when what was sealed about the person can be read by nobody any more. A row without personal data stays, so that
   *  history has somebody to name. What was done with the break-glass account stays readable: it is nobody. Throws ProblemError 403 for oneself, 404, 409 for the last administrator. */
  async delete(by: Principal, given: string, reason: string): Promise<void> {
    const id = given.toLowerCase();
    await this.change('person-deleted', by, id, reason, (tx) => this.end(tx, id, deleteAccount));
    if (!(await isBreakGlass(this.dataSource.manager, id))) await this.erase(id);
  }

  /** Disables who has not come in for ACCOUNT_IDLE_DAYS; the last administrator stays, and a warning says so. */
  async disableIdle(): Promise<void> {
    const days = this.settings.ACCOUNT_IDLE_DAYS;
    for (const id of await idleAccounts(this.dataSource.manager, days)) {
      const about = { subject: accountSubject(id), fields: { account: id } };
      const record = await this.log.seal({ event: 'person-disabled', about, public: { cause: 'idle', days } });
      try {
        await this.dataSource.transaction(async (tx) => {
          if (await this.end(tx, id, (db) => disableAccount(db, id, days))) await this.log.append(tx, record);
        });
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        this.#log.warn(`an idle account is not disabled: ${error.problem.title}`);
      }
    }
  }

  /** Finishes deletions that a crash or an absent key store interrupted. */
  async eraseDeleted(): Promise<void> {
    for (const id of await accountsToErase(this.dataSource.manager)) await this.erase(id);
  }

  private async erase(id: string): Promise<void> {
    const { manager } = this.dataSource;
    await this.vault.erase(accountSubject(id));
    await forgetPerson(manager, this.log.blindOf(accountSubject(id)));
    await forgetReasons(manager, id);
    await markErased(manager, id);
  }

  private async end(
    tx: EntityManager,
    id: string,
    how: (tx: EntityManager, id: string) => Promise<boolean>,
  ): Promise<boolean> {
    const roles = await activeRolesOf(tx, id);
    if (!(await how(tx, id))) return false;
    await this.sessions.closeAll(tx, id);
    if (roles.includes('admin')) await requireAdministrator(tx);
    return true;
  }

  /** The account's id stands in the record under whoever did it when the account's own key is about to go. */
  private async change(
    event: AccessEvent,
    by: Principal,
    id: string,
    reason: string,
    how: (tx: EntityManager) => Promise<boolean>,
  ): Promise<Person> {
    if (!validate(id)) throw notFound('person');
    if (by.id === id) throw ownGrant();
    const fields = { account: id };
    const whom = event === 'person-deleted' ? { sealed: fields } : { about: { subject: accountSubject(id), fields } };
    const record = await this.log.seal({ event, by, why: reason, ...whom });
    return this.dataSource.transaction(async (tx) => {
      if (!(await lockAccount(tx, id))) throw notFound('person');
      if (!(await how(tx))) throw conflict('The account is in that state already.');
      const person = await personOf(tx, id);
      if (!person) throw notFound('person');
      await this.log.append(tx, record);
      return person;
    });
  }
}
