import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { notFound, permissionsOf, type Principal, unprocessable } from '@lexecon/auth';
import { AccessLog } from '../access/access-log.js';
import { type Actor, type ApiKey, type KeyRole, keyRoles, nameOf } from './actor.js';
import { nextEpoch, requireActor } from './actor.queries.js';
import { ActorRegistry } from './actor-registry.js';
import { type ApiKeyParts, formatApiKey, KEY_ID } from './api-key.format.js';
import { insertKey, isThirdKey, renewKey, revokeKey } from './key.queries.js';
import { conflict } from '../refusal.js';

export type IssuedKey = ApiKey & { readonly key: string };

export interface KeyOrder {
  readonly parts: ApiKeyParts;
  readonly role?: KeyRole | undefined;
  /** Permissions of the role that the key is limited to. */
  readonly scopes?: readonly string[] | undefined;
  /** Networks that it may be used from. */
  readonly networks?: readonly string[] | undefined;
  /** 1 to 90. */
  readonly days: number;
}

/** The keys of actors. Every change is one transaction: the row, the epoch that tells all replicas, the ledger entry. */
@Injectable()
export class KeyService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly registry: ActorRegistry,
  ) {}

  /** The answer holds the key itself, this once. Throws ProblemError 404, 409 when two keys of the actor count already, or 422 for a `user` and for a gateway's or
   *  provisioner's key of an actor that is not registered as one. */
  async issue(by: Principal | undefined, actorId: string, order: KeyOrder): Promise<IssuedKey> {
    const { parts, role, days, scopes, networks } = order;
    const actor = await requireActor(this.dataSource.manager, actorId);
    const given = role ?? usualRole(actor);
    requireKeyHolder(actor, given);
    requireScopes(given, scopes);
    const limits = { ...(scopes && { scopes: [...scopes] }), ...(networks && { networks: [...networks] }) };
    const open = { key: parts.id, keyRole: given, days, ...limits };
    const record = await this.log.seal({ event: 'key-issued', by, public: { ...open, actor: nameOf(actor) } });
    const secretHash = hash('sha256', parts.secret, 'buffer');
    const key = { ...parts, secretHash, actorId, role: given, scopes: scopes ?? null, networks: networks ?? null };
    const issued = await this.changed(async (tx) => {
      const row = await insertKey(tx, key, days, await nextEpoch(tx));
      if (!row) throw conflict('There is a key with this id.');
      await this.log.append(tx, record);
      return row;
    });
    await this.registry.catchUp();
    return { ...issued, key: formatApiKey(parts) };
  }

  /** Gives the actor's key another term from now on. Throws ProblemError 404 when it has no such key, or it was revoked. */
  async renew(by: Principal | undefined, actorId: string, { parts, days }: Omit<KeyOrder, 'role'>): Promise<void> {
    const actor = nameOf(await requireActor(this.dataSource.manager, actorId));
    const record = await this.log.seal({ event: 'key-renewed', by, public: { key: parts.id, days, actor } });
    const secretHash = hash('sha256', parts.secret, 'buffer');
    await this.changed(async (tx) => {
      if (!(await renewKey(tx, { ...parts, secretHash, actorId }, days, await nextEpoch(tx)))) throw notFound('key');
      await this.log.append(tx, record);
    });
    await this.registry.catchUp();
  }

  /** Refused on every replica within a second. Throws ProblemError 404 for a key that is not there or was revoked before. */
  async revoke(by: Principal | undefined, actorId: string, keyId: string): Promise<void> {
    const actor = await requireActor(this.dataSource.manager, actorId);
    if (!KEY_ID.test(keyId)) throw notFound('key');
    const record = await this.log.seal({ event: 'key-revoked', by, public: { key: keyId, actor: nameOf(actor) } });
    await this.dataSource.transaction(async (tx) => {
      if (!(await revokeKey(tx, actorId, keyId, await nextEpoch(tx)))) throw notFound('key');
      await this.log.append(tx, record);
    });
    await this.registry.catchUp();
  }

  private async changed<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      if (isThirdKey(error)) throw conflict('Two keys of this actor count already. Revoke one of them first.');
      throw error;
    }
  }
}

/** Throws ProblemError 422 for a scope that the role does not have. */
function requireScopes(role: KeyRole, scopes: readonly string[] | undefined): void {
  const given: ReadonlySet<string> = permissionsOf([role]);
  const beyond = scopes?.find((scope) => !given.has(scope));
  if (beyond !== undefined)
    throw unprocessable([{ pointer: '/scopes', detail: `${beyond} is no permission of a key with the role ${role}` }]);
}

/** What credentials of this actor are for when nobody says: gateway or provisioner for one registered so, else agent. */
export const usualRole = ({ roles }: Pick<Actor, 'roles'>): KeyRole =>
  keyRoles.find((name) => name !== 'agent' && roles.includes(name)) ?? 'agent';

/** Throws ProblemError 422 when this actor may have no credentials, or none with this role. */
export function requireKeyHolder(actor: Pick<Actor, 'type' | 'roles'>, role: KeyRole): void {
  if (actor.type === 'user')
    throw unprocessable([{ pointer: '', detail: 'a user of the caller’s system never signs in here' }]);
  if (role !== 'agent' && !actor.roles.includes(role))
    throw unprocessable([{ pointer: '/role', detail: `the actor is not registered with the role ${role}` }]);
}
