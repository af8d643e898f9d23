import { Injectable } from '@nestjs/common';
import { v7 as uuid7 } from 'uuid';
import { type Principal, ProblemError } from '@lexecon/auth';
import { canonicalJson, type Json } from '@lexecon/crypto';
import { ActorRegistry } from '@lexecon/identity';
import { type Freshness, type Item, LedgerService, Superseded } from '@lexecon/ledger';
import { KillSwitch, ReviewKind, type ReviewOpened } from '@lexecon/oversight';
import { PolicyService, ResourceService } from '@lexecon/policy';
import { evaluate, type KnownFacts, mergeFacts, type RequestedFacts } from '@lexecon/policy/core';
import { SubjectVault } from '@lexecon/vault';
import {
  type Decision,
  decisionOf,
  type DecisionRecord,
  idOf,
  isPublicActor,
  type SearchIndex,
  subjectsOf,
} from './core/index.js';
import { DecisionKind } from './decision.kind.js';
import { freshId } from './fresh-id.js';

/** How often a decision is made again because the policies or the kill switch moved on under it. */
const ATTEMPTS = 3;

/** Who asks, for what, and under which idempotency key (hashed). */
export interface Asked {
  readonly request: RequestedFacts;
  readonly once?: { readonly key: Buffer; readonly body: Buffer };
}

/** Evaluates, records, answers. Nothing leaves before its record is durable. */
@Injectable()
export class DecisionMaker {
  constructor(
    private readonly policies: PolicyService,
    private readonly resources: ResourceService,
    private readonly actors: ActorRegistry,
    private readonly killSwitch: KillSwitch,
    private readonly vault: SubjectVault,
    private readonly ledger: LedgerService,
  ) {
    killSwitch.follow(() => actors.refresh());
  }

  /** Answers in order; all in one ledger batch. Rejects with ProblemError 503, LedgerUnavailable, VaultUnavailable or AlreadyRecorded,
   *  and then none of them is an outcome. */
  async make(principal: Principal, asked: readonly Asked[]): Promise<readonly Decision[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(principal, asked);
      } catch (error) {
        if (!(error instanceof Superseded) || attempt === ATTEMPTS) throw error;
        await Promise.all([this.policies.refresh(), this.killSwitch.refresh()]);
      }
    }
  }

  async #attempt(principal: Principal, asked: readonly Asked[]): Promise<readonly Decision[]> {
    const freshness: Freshness = { kill: this.killSwitch.epoch(), policy: this.policies.active().epoch };
    const records: DecisionRecord[] = [];
    for (const one of asked) records.push(await this.#record(principal, one));
    const items = records.map(
      (record): Item[] => [{ kind: DecisionKind, record }, ...this.#reviewOf(record)] as Item[],
    );
    const receipts = await this.ledger.append(items.flat(), freshness);
    let at = 0;
    return records.map((record, i) => {
      const receipt = receipts[at];
      at += items[i]?.length ?? 0;
      if (!receipt) throw new Error('the ledger answered with too few receipts');
      return decisionOf(record, receipt);
    });
  }

  async #record(principal: Principal, { request, once }: Asked): Promise<DecisionRecord> {
    const resource = this.resources.factsOf(request.resource.type, request.resource.id);
    const actor = this.#registered(request);
    const known: KnownFacts = {
      ...(actor && { actor }),
      ...(resource && {
        resource: {
          dataClasses: resource.dataClasses,
          ...(resource.sensitivity !== undefined && { sensitivity: resource.sensitivity }),
        },
      }),
    };
    const { set } = this.policies.active();
    const decidedAt = new Date();
    const verdict = evaluate(set, mergeFacts(request, known), decidedAt);
    const keys = await this.vault.keysOf(subjectsOf(request, resource?.subject));
    const { review } = verdict;
    return {
      id: freshId(decidedAt),
      decidedAt,
      principal,
      request,
      known,
      verdict,
      policySet: set.hash,
      ...(review && {
        review: { id: uuid7(), expiresAt: new Date(decidedAt.getTime() + review.withinSeconds * 1_000) },
      }),
      keys,
      index: this.#indexOf(request, known),
      ...(once && { once }),
    };
  }

  #registered({ actor }: RequestedFacts): KnownFacts['actor'] {
    const facts = this.actors.factsOf(actor.type, actor.id);
    return facts && { roles: facts.roles, attributes: facts.attributes, disabled: facts.disabled };
  }

  #indexOf(request: RequestedFacts, known: KnownFacts): SearchIndex {
    const { actor } = request;
    const open = isPublicActor(request, known);
    return {
      actor: open ? actor.id : null,
      actorBlind: open ? null : this.blindOf(actor.id),
      behalfBlind: actor.onBehalfOf ? this.blindOf(actor.onBehalfOf.id) : null,
    };
  }

  /** What somebody is searched by whose id does not stand in the open, of whatever type. */
  blindOf(id: string): Buffer {
    return this.vault.blindIndex(`search|${id}`);
  }

  #reviewOf(record: DecisionRecord): Item<ReviewOpened>[] {
    const { review, verdict, request } = record;
    if (!review || !verdict.review) return [];
    const { roles, quorum, onExpiry } = verdict.review;
    const asked = { actor: request.actor, action: request.action, resource: request.resource };
    const opened: ReviewOpened = {
      event: 'opened',
      id: review.id,
      decisionId: idOf(record),
      openedAt: record.decidedAt,
      expiresAt: review.expiresAt,
      roles,
      quorum,
      onExpiry,
      requester: record.principal.id,
      digest: this.vault.blindIndex(`digest|${canonicalJson(asked as unknown as Json)}`),
    };
    return [{ kind: ReviewKind, record: opened }];
  }
}

type Person = NonNullable<Principal['onBehalfOf']>;

/** Throws ProblemError 403 when the request names another person than the one the caller's token vouches for. */
export function requireSamePerson(vouched: Person, named: Person): void {
  if (named.type === vouched.type && named.id === vouched.id) return;
  throw new ProblemError({
    status: 403,
    type: 'not-for-others',
    title: 'Your token is for another person',
    detail: 'actor.onBehalfOf names somebody else than the person your token says you act for.',
  });
}

/** Throws ProblemError 403 when the caller may not ask about this actor. Names are told apart by type: the service `x` is not the
 *  agent `x`. */
export function requireMayAsk(principal: Principal, registered: { readonly id: string } | undefined): void {
  if (principal.permissions.has('decision:make-for-any')) return;
  if (principal.kind === 'agent' && registered?.id === principal.id) return;
  throw new ProblemError({
    status: 403,
    type: 'not-for-others',
    title: 'You may only ask for yourself',
    detail: 'Naming another actor needs the permission decision:make-for-any.',
  });
}
