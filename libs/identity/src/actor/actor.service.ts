import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7, validate } from 'uuid';
import { notFound, type Principal, unprocessable } from '@lexecon/auth';
import { type Page, pageOf } from '@lexecon/database';
import { type AccessFact, AccessLog } from '../access/access-log.js';
import { type Actor, type ApiKey, type KeyRole, keyRoles } from './actor.js';
import {
  type ActorChange,
  actorOf,
  actorsBefore,
  insertActor,
  insertKey,
  keysOfActor,
  nextEpoch,
  renewKey,
  revokeKey,
  updateActor,
} from './actor.queries.js';
import { ActorRegistry } from './actor-registry.js';
import { type ApiKeyParts, formatApiKey, KEY_ID } from './api-key.format.js';
import { conflict } from '../refusal.js';
import { idOfCursor, PAGE } from '../cursor.js';

export type NewActor = Pick<Actor, 'type' | 'name' | 'owner' | 'purpose'> &
  Partial<Pick<Actor, 'roles' | 'attributes'>>;

export type IssuedKey = ApiKey & { readonly key: string };

export interface KeyOrder {
  readonly parts: ApiKeyParts;
  readonly role?: KeyRole | undefined;
  /** 1 to 90. */
  readonly days: number;
}

/** Actors and their keys. Every change is one transaction: the row, the epoch that tells all replicas, the ledger entry. */
@Injectable()
export class ActorService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly registry: ActorRegistry,
  ) {}

  /** Throws ProblemError 409 when the type has an actor of that name. */
  async register(by: Principal | undefined, { roles = [], attributes = {}, ...given }: NewActor): Promise<Actor> {
    const actor = { ...given, roles, attributes, id: uuid7() };
    const record = await this.log.seal(factOf('actor-registered', by, actor, actor));
    const registered = await this.dataSource.transaction(async (tx) => {
      const row = await insertActor(tx, actor, await nextEpoch(tx));
      if (!row) throw conflict(`There is an actor of the type ${actor.type} with this name.`);
      await this.log.append(tx, record);
      return row;
    });
    await this.registry.catchUp();
    return registered;
  }

  async list(cursor: string | undefined, limit = PAGE): Promise<Page<Actor>> {
    const rows = await actorsBefore(this.dataSource.manager, idOfCursor(cursor), limit + 1);
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  /** Throws ProblemError 404. */
  async read(id: string): Promise<Actor & { readonly keys: readonly ApiKey[] }> {
    const actor = await this.require(id);
    return { ...actor, keys: await keysOfActor(this.dataSource.manager, id) };
  }

  /** Throws ProblemError 404, or 422 when nothing is to be changed. */
  async change(by: Principal | undefined, id: string, change: ActorChange): Promise<Actor> {
    if (!Object.values(change).some(isGiven)) throw unprocessable([{ pointer: '', detail: 'names nothing to change' }]);
    const record = await this.log.seal(factOf('actor-changed', by, await this.require(id), change));
    const changed = await this.dataSource.transaction(async (tx) => {
      const row = await updateActor(tx, id, change, await nextEpoch(tx));
      if (!row) throw notFound('agent');
      await this.log.append(tx, record);
      return row;
    });
    await this.registry.catchUp();
    return changed;
  }

  /** The answer holds the key itself, this once. Throws ProblemError 404, or 422 for a `user` and for a gateway's or provisioner's key of an
   *  actor that is not registered as one. */
  async issueKey(by: Principal | undefined, actorId: string, { parts, role, days }: KeyOrder): Promise<IssuedKey> {
    const actor = await this.require(actorId);
    const given = role ?? keyRoles.find((name) => name !== 'agent' && actor.roles.includes(name)) ?? 'agent';
    requireKeyHolder(actor, given);
    const open = { key: parts.id, keyRole: given, days };
    const record = await this.log.seal({ event: 'key-issued', by, public: { ...open, actor: nameOf(actor) } });
    const secretHash = hash('sha256', parts.secret, 'buffer');
    const issued = await this.dataSource.transaction(async (tx) => {
      const { id, environment } = parts;
      const row = await insertKey(tx, { id, environment, secretHash, actorId, role: given }, days, await nextEpoch(tx));
      if (!row) throw conflict('There is a key with this id.');
      await this.log.append(tx, record);
      return row;
    });
    await this.registry.catchUp();
    return { ...issued, key: formatApiKey(parts) };
  }

  /** Gives the actor's key another term from now on. Throws ProblemError 404 when it has no such key, or it was revoked. */
  async renewKey(by: Principal | undefined, actorId: string, { parts, days }: Omit<KeyOrder, 'role'>): Promise<void> {
    const actor = nameOf(await this.require(actorId));
    const record = await this.log.seal({ event: 'key-renewed', by, public: { key: parts.id, days, actor } });
    const secretHash = hash('sha256', parts.secret, 'buffer');
    await this.dataSource.transaction(async (tx) => {
      if (!(await renewKey(tx, { ...parts, secretHash, actorId }, days, await nextEpoch(tx)))) throw notFound('key');
      await this.log.append(tx, record);
    });
    await this.registry.catchUp();
  }

  /** Refused on every replica within a second. Throws ProblemError 404 for a key that is not there or was revoked before. */
  async revokeKey(by: Principal | undefined, actorId: string, keyId: string): Promise<void> {
    const actor = await this.require(actorId);
    if (!KEY_ID.test(keyId)) throw notFound('key');
    const record = await this.log.seal({ event: 'key-revoked', by, public: { key: keyId, actor: nameOf(actor) } });
    await this.dataSource.transaction(async (tx) => {
      if (!(await revokeKey(tx, actorId, keyId, await nextEpoch(tx)))) throw notFound('key');
      await this.log.append(tx, record);
    });
    await this.registry.catchUp();
  }

  private async require(id: string): Promise<Actor> {
    const actor = validate(id) ? await actorOf(this.dataSource.manager, id) : undefined;
    if (!actor) throw notFound('agent');
    return actor;
  }
}

/** A body may leave a member out or say null: both mean that it stays as it is. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** A user's name is personal: it and what is said of that person are sealed under them. */
function factOf(
  event: 'actor-registered' | 'actor-changed',
  by: Principal | undefined,
  actor: Pick<Actor, 'type' | 'name'>,
  { roles, attributes, status, purpose, owner }: ActorChange,
): AccessFact {
  const open = { ...(roles && { roles: [...roles] }), ...(status && { status }) };
  const closed = { ...(attributes && { attributes }), ...(purpose && { purpose }), ...(owner && { owner }) };
  if (actor.type !== 'user') return { event, by, public: { actor: nameOf(actor), ...open }, sealed: closed };
  const about = { subject: `user:${actor.name}`, fields: { actor: actor.name, ...open, ...closed } };
  return { event, by, about, public: { actor: { type: 'user' } } };
}

const nameOf = ({ type, name }: Pick<Actor, 'type' | 'name'>): { readonly type: string; readonly id: string } => ({
  type,
  id: name,
});

function requireKeyHolder(actor: Actor, role: KeyRole): void {
  if (actor.type === 'user')
    throw unprocessable([{ pointer: '', detail: 'a user of the caller’s system never signs in here' }]);
  if (role !== 'agent' && !actor.roles.includes(role))
    throw unprocessable([{ pointer: '/role', detail: `the actor is not registered with the role ${role}` }]);
}
