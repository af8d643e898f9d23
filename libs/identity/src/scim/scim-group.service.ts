import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError } from 'typeorm';
import { v7 as uuid7, validate } from 'uuid';
import type { Principal } from '@lexecon/auth';
import { type AccessFact, AccessLog } from '../access/access-log.js';
import {
  addMembers,
  deleteGroup,
  existingUsers,
  groupAttributes,
  groupOf,
  groupsWhere,
  insertGroup,
  lockGroup,
  membersOf,
  removeMembers,
  touchUsers,
  updateGroup,
} from './scim-group.queries.js';
import { ScimSync } from './scim-sync.service.js';
import type { Window } from './scim-user.queries.js';
import type { GroupState } from './scim.body.js';
import { changedMeanwhile, invalidValue, noSuch, taken } from './scim.error.js';
import { parseFilter } from './scim.filter.js';
import type { GroupRow } from './scim.resource.js';

export type Group = GroupRow & { readonly members: readonly string[] };

/** Members whose roles are settled before the answer; those of larger changes follow within seconds. */
const AT_ONCE = 20;

/** Groups as a directory keeps them. What they mean for roles is in SCIM_ROLES_FILE, by displayName. */
@Injectable()
export class ScimGroupService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly sync: ScimSync,
  ) {}

  /** Throws ScimError 400 for a filter that is not understood. */
  async list(filter: string | undefined, offset: number, limit: number): Promise<Window<Group>> {
    const { manager } = this.dataSource;
    const conditions = filter === undefined ? [] : parseFilter(filter, groupAttributes);
    const { total, rows } = await groupsWhere(manager, conditions, offset, limit);
    const groups = await Promise.all(rows.map(async (row) => ({ ...row, members: await membersOf(manager, row.id) })));
    return { total, rows: groups };
  }

  /** Throws ScimError 404. */
  async read(id: string): Promise<Group> {
    const { manager } = this.dataSource;
    const group = validate(id) ? await groupOf(manager, id) : undefined;
    if (!group) throw noSuch('Group');
    return { ...group, members: await membersOf(manager, id) };
  }

  /** Throws ScimError 409 when there is a group with this name, 400 for a member that is no User. */
  async create(by: Principal, group: GroupState): Promise<Group> {
    const id = uuid7();
    const members = await this.#users(group.members);
    const record = await this.log.seal(factOf(by, id, group.displayName, members, []));
    await this.dataSource.transaction(async (tx) => {
      if (!(await insertGroup(tx, id, group))) throw nameTaken();
      await addMembers(tx, id, members);
      await touchUsers(tx, members);
      await this.log.append(tx, record);
    });
    await this.sync.soon(by, members.slice(0, AT_ONCE));
    return this.read(id);
  }

  /** `change` makes the new state of the old one. Throws ScimError 400, 404, 409, 412. */
  async change(
    by: Principal,
    given: string,
    change: (before: Group) => GroupState,
    version: number | undefined,
  ): Promise<Group> {
    const before = await this.read(given);
    const { id } = before;
    if (version !== undefined && version !== before.version) throw changedMeanwhile();
    const after = change(before);
    const [members, kept] = [new Set(before.members), new Set(after.members)];
    const added = await this.#users(after.members.filter((member) => !members.has(member)));
    const removed = before.members.filter((member) => !kept.has(member));
    const renamed = after.displayName !== before.displayName;
    const touched = renamed ? [...new Set([...before.members, ...added])] : [...added, ...removed];
    const record = await this.log.seal(factOf(by, id, after.displayName, added, removed));
    await this.dataSource.transaction(async (tx) => {
      const locked = await lockGroup(tx, id);
      if (!locked) throw noSuch('Group');
      if (locked.version !== before.version) throw changedMeanwhile();
      await updateGroup(tx, id, after).catch(unlessTaken);
      await addMembers(tx, id, added);
      await removeMembers(tx, id, removed);
      await touchUsers(tx, touched);
      await this.log.append(tx, record);
    });
    await this.sync.soon(by, touched.slice(0, AT_ONCE));
    return this.read(id);
  }

  /** Throws ScimError 404. */
  async delete(by: Principal, given: string, version: number | undefined): Promise<void> {
    const before = await this.read(given);
    const { id } = before;
    if (version !== undefined && version !== before.version) throw changedMeanwhile();
    const record = await this.log.seal(factOf(by, id, before.displayName, [], before.members, { deleted: true }));
    await this.dataSource.transaction(async (tx) => {
      const locked = await lockGroup(tx, id);
      if (!locked) throw noSuch('Group');
      if (locked.version !== before.version) throw changedMeanwhile();
      await touchUsers(tx, before.members);
      await deleteGroup(tx, id);
      await this.log.append(tx, record);
    });
    await this.sync.soon(by, before.members.slice(0, AT_ONCE));
  }

  async #users(ids: readonly string[]): Promise<readonly string[]> {
    const wanted = [...new Set(ids)];
    const found = wanted.every((id) => validate(id)) ? await existingUsers(this.dataSource.manager, wanted) : [];
    if (found.length !== wanted.length) throw invalidValue('A member is not the id of a User.');
    return found;
  }
}

/** Whose account it is stands with each person's own roles; here ids are sealed under the deployment. */
const factOf = (
  by: Principal,
  id: string,
  displayName: string,
  added: readonly string[],
  removed: readonly string[],
  more: AccessFact['public'] = {},
): AccessFact => ({
  event: 'group-changed',
  by,
  public: { source: 'scim', group: id, added: added.length, removed: removed.length, ...more },
  sealed: { displayName, addedIds: added.slice(0, LISTED), removedIds: removed.slice(0, LISTED) },
});
const LISTED = 200;

const nameTaken = () => taken('There is a Group with this displayName.');

function unlessTaken(error: unknown): never {
  const code: unknown = error instanceof QueryFailedError ? Reflect.get(error.driverError, 'code') : undefined;
  throw code === '23505' ? nameTaken() : error;
}
