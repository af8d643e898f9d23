import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { v7 as uuid7, validate } from 'uuid';
import type { Principal } from '@lexecon/auth';
import { type AccessFact, AccessLog, accountSubject } from '../access/access-log.js';
import type { AccessEvent } from '../access/access.kind.js';
import { accountOfEmail, insertAccount } from '../person/account.queries.js';
import { disableAccount, enableAccount } from '../person/standing.queries.js';
import { SessionService } from '../sign-in/session.service.js';
import {
  deleteUser,
  insertUser,
  lockUser,
  managementOf,
  noteDisabled,
  scimUserOf,
  updateUser,
  userAttributes,
  usersWhere,
  type Window,
} from './scim-user.queries.js';
import { ScimSync } from './scim-sync.service.js';
import type { UserState } from './scim.body.js';
import { changedMeanwhile, noSuch, taken } from './scim.error.js';
import { parseFilter } from './scim.filter.js';
import type { UserRow } from './scim.resource.js';

/** People as a directory makes, changes and ends them. However their id is written, the record has it as it is kept: one person has one
 *  key in the vault. */
@Injectable()
export class ScimUserService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly sessions: SessionService,
    private readonly sync: ScimSync,
  ) {}

  /** Throws ScimError 400 for a filter that is not understood. */
  list(filter: string | undefined, offset: number, limit: number): Promise<Window<UserRow>> {
    const conditions = filter === undefined ? [] : parseFilter(filter, userAttributes);
    return usersWhere(this.dataSource.manager, conditions, offset, limit);
  }

  /** Throws ScimError 404. */
  async read(id: string): Promise<UserRow> {
    const user = validate(id) ? await scimUserOf(this.dataSource.manager, id) : undefined;
    if (!user) throw noSuch('User');
    return user;
  }

  /** A new account without a password, or the one that has the e-mail address, from now on managed by the directory.
   *  Throws ScimError 409 when the directory has such a user, or the account is the sealed one. */
  async create(by: Principal, user: UserState): Promise<UserRow> {
    const { manager } = this.dataSource;
    const known = await accountOfEmail(manager, user.email);
    const { managed, breakGlass } = known ? await managementOf(manager, known.id) : NEW;
    if (managed === 'now' || breakGlass) throw userTaken();
    const id = known?.id ?? uuid7();
    const event = managed === 'before' ? 'person-reprovisioned' : 'person-provisioned';
    const record = await this.log.seal(factOf(event, by, id, user, { adopted: known !== undefined }));
    await this.dataSource.transaction(async (tx) => {
      if (!known && !(await insertAccount(tx, accountOf(id, user, by)))) throw userTaken();
      if (!(await unlessTaken(insertUser(tx, id, user)))) throw userTaken();
      await this.#follow(tx, id, user.active);
      await this.log.append(tx, record);
    });
    await this.sync.soon(by, [id]);
    return this.read(id);
  }

  /** `change` makes the new state of the old one. Throws ScimError 404, 409 when a name or address is another's, 412. */
  async change(
    by: Principal,
    given: string,
    change: (before: UserRow) => UserState,
    version: number | undefined,
  ): Promise<UserRow> {
    const before = await this.read(given);
    const { id } = before;
    if (version !== undefined && version !== before.version) throw changedMeanwhile();
    const after = change(before);
    const record = await this.log.seal(factOf(eventOf(before, after), by, id, after));
    await this.dataSource.transaction(async (tx) => {
      const locked = await lockUser(tx, id);
      if (!locked) throw noSuch('User');
      if (locked.version !== before.version) throw changedMeanwhile();
      await unlessTaken(updateUser(tx, id, after));
      if (after.active !== before.active) await this.#follow(tx, id, after.active);
      await this.log.append(tx, record);
    });
    await this.sync.soon(by, [id]);
    return this.read(id);
  }

  /** The account stays, disabled: what its person did has to name somebody. Throws ScimError 404. */
  async delete(by: Principal, given: string, version: number | undefined): Promise<void> {
    const before = await this.read(given);
    const { id } = before;
    if (version !== undefined && version !== before.version) throw changedMeanwhile();
    const record = await this.log.seal(factOf('person-deprovisioned', by, id, before, { deleted: true }));
    await this.dataSource.transaction(async (tx) => {
      if (!(await lockUser(tx, id))) throw noSuch('User');
      await deleteUser(tx, id);
      await this.#follow(tx, id, false);
      await this.log.append(tx, record);
    });
    await this.sync.soon(by, [id]);
  }

  /** Who is gone has no session from this transaction on: here at once, elsewhere within a second. An account that an administrator
   *  disabled stays so: the directory only takes back its own word. */
  async #follow(tx: EntityManager, id: string, active: boolean): Promise<void> {
    if (active) {
      if (await noteDisabled(tx, id, false)) await enableAccount(tx, id);
      return;
    }
    if (await disableAccount(tx, id)) await noteDisabled(tx, id, true);
    await this.sessions.closeAll(tx, id);
  }
}

const NEW = { managed: 'never', breakGlass: false } as const;

const accountOf = (id: string, { email }: UserState, by: Principal) =>
  ({
    id,
    email,
    justification: `provisioned by ${by.name}`,
    status: 'invited',
    grantedBy: null,
    password: null,
  }) as const;

function eventOf(before: UserState, after: UserState): AccessEvent {
  if (before.active === after.active) return 'person-changed';
  return after.active ? 'person-reprovisioned' : 'person-deprovisioned';
}

function factOf(
  event: AccessEvent,
  by: Principal,
  id: string,
  { userName, externalId, displayName, givenName, familyName, email, active }: UserState,
  more: AccessFact['public'] = {},
): AccessFact {
  const fields = { account: id, userName, externalId, displayName, givenName, familyName, email, active };
  return { event, by, about: { subject: accountSubject(id), fields }, public: { source: 'scim', ...more } };
}

const userTaken = () => taken('There is a User with this userName or e-mail address.');

/** Throws ScimError 409 for what the database refuses because it is another's. */
async function unlessTaken<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    const code: unknown = error instanceof QueryFailedError ? Reflect.get(error.driverError, 'code') : undefined;
    throw code === '23505' ? userTaken() : error;
  }
}
