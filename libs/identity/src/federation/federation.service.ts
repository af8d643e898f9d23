import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7, validate } from 'uuid';
import { notFound, type Principal, unprocessable } from '@lexecon/auth';
import { AccessLog } from '../access/access-log.js';
import { ActorRegistry } from '../actor/actor-registry.js';
import { type KeyRole, nameOf } from '../actor/actor.js';
import { nextEpoch, requireActor } from '../actor/actor.queries.js';
import { requireKeyHolder, usualRole } from '../actor/key.service.js';
import { conflict } from '../refusal.js';
import { FederatedTokens } from './federated-tokens.js';
import type { Federation } from './federation.js';
import { federationsOf, insertFederation, removeFederation } from './federation.queries.js';

export interface NewFederation {
  readonly issuer: string;
  readonly subject: string;
  readonly role?: KeyRole | undefined;
}

/** Which tokens let which actor in. Every change is one transaction: the row, the epoch that tells all replicas, the ledger entry. */
@Injectable()
export class FederationService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly registry: ActorRegistry,
    private readonly tokens: FederatedTokens,
  ) {}

  /** Throws ProblemError 404. */
  async list(actorId: string): Promise<readonly Federation[]> {
    await requireActor(this.dataSource.manager, actorId);
    return federationsOf(this.dataSource.manager, actorId);
  }

  /** Throws ProblemError 404, 409 when the issuer's name lets somebody in already, 422 for an issuer that is not pinned, for a `user`,
   *  and for a role that the actor is not registered with. */
  async add(by: Principal, actorId: string, { issuer, subject, role }: NewFederation): Promise<Federation> {
    const actor = await requireActor(this.dataSource.manager, actorId);
    const given = role ?? usualRole(actor);
    requireKeyHolder(actor, given);
    if (!this.tokens.isPinned(issuer))
      throw unprocessable([{ pointer: '/issuer', detail: 'is none of the pinned issuers' }]);
    const id = uuid7();
    const open = { federation: id, issuer, keyRole: given, actor: nameOf(actor) };
    const record = await this.log.seal({ event: 'federation-added', by, public: open, sealed: { subject } });
    const added = await this.dataSource.transaction(async (tx) => {
      const row = await insertFederation(tx, { id, actorId, issuer, subject, role: given }, await nextEpoch(tx));
      if (!row) throw conflict('Tokens of this issuer for this subject let an actor in already.');
      await this.log.append(tx, record);
      return row;
    });
    await this.registry.catchUp();
    return added;
  }

  /** Its tokens are refused on every replica within a second. Throws ProblemError 404 for one that is not there or was removed before. */
  async remove(by: Principal, actorId: string, id: string): Promise<void> {
    const actor = nameOf(await requireActor(this.dataSource.manager, actorId));
    if (!validate(id)) throw notFound('federation');
    const record = await this.log.seal({ event: 'federation-removed', by, public: { federation: id, actor } });
    await this.dataSource.transaction(async (tx) => {
      if (!(await removeFederation(tx, actorId, id, await nextEpoch(tx)))) throw notFound('federation');
      await this.log.append(tx, record);
    });
    await this.registry.catchUp();
  }
}
