import { Injectable, Logger } from '@nestjs/common';
import { type Principal, ProblemError } from '@lexecon/auth';
import { ActorRegistry } from '@lexecon/identity';
import { AlreadyRecorded, LedgerService } from '@lexecon/ledger';
import type { RequestedFacts } from '@lexecon/policy/core';
import type { Decision } from './core/index.js';
import type { DecisionRequestDto } from './decision.dto.js';
import { type Asked, DecisionMaker, requireMayAsk, requireSamePerson } from './decision.maker.js';
import { DecisionReader } from './decision.reader.js';
import { conflict, Idempotency, type Repeatable } from './idempotency.js';

/** How long a caller waits at most, in milliseconds, whatever does not answer behind us. What was begun goes on, and is what a repeat
 *  with the same idempotency key gets. */
const PATIENCE_MS = 5_000;

/** Answers that are being made for an idempotency key. */
interface Pending {
  readonly body: Buffer;
  readonly answers: Promise<readonly Decision[]>;
}

/** Decides: the same idempotency key always gives the same answer, and no answer leaves before its record is durable. */
@Injectable()
export class DecisionService {
  readonly #log = new Logger('Decision');
  readonly #pending = new Map<string, Pending>();

  constructor(
    private readonly maker: DecisionMaker,
    private readonly idempotency: Idempotency,
    private readonly reader: DecisionReader,
    private readonly actors: ActorRegistry,
    private readonly ledger: LedgerService,
  ) {}

  /** Answers in the order asked. `body` is what the key is bound to. Rejects with ProblemError: 403, 409, 410 or 503, the last for any
   *  failure before the record is durable, and then without an outcome. */
  async decide(
    principal: Principal,
    requests: readonly DecisionRequestDto[],
    key: string | undefined,
    body: unknown,
  ): Promise<readonly Decision[]> {
    const facts = requests.map((request) => this.#requested(principal, request));
    for (const { actor } of facts) requireMayAsk(principal, this.actors.factsOf(actor.type, actor.id));
    const bound = principal.onBehalfOf ? { body, onBehalfOf: principal.onBehalfOf } : body;
    try {
      return await patiently(this.#decided(principal, facts, key, bound));
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      this.#log.warn({ err: error }, 'not recorded');
      throw notRecorded();
    }
  }

  #decided(
    principal: Principal,
    facts: readonly RequestedFacts[],
    key: string | undefined,
    body: unknown,
  ): Promise<readonly Decision[]> {
    if (key !== undefined) return this.#once(principal, facts, this.idempotency.repeatable(key, body, facts.length));
    return this.maker.make(
      principal,
      facts.map((request) => ({ request })),
    );
  }

  async #once(
    principal: Principal,
    facts: readonly RequestedFacts[],
    repeatable: Repeatable,
  ): Promise<readonly Decision[]> {
    const name = `${principal.id}|${repeatable.keys[0]?.toString('hex') ?? ''}`;
    const pending = this.#pending.get(name);
    if (pending) {
      if (!pending.body.equals(repeatable.body)) throw conflict();
      return pending.answers;
    }
    const answers = this.#firstOrStored(principal, facts, repeatable);
    this.#pending.set(name, { body: repeatable.body, answers });
    try {
      return await answers;
    } finally {
      this.#pending.delete(name);
    }
  }

  async #firstOrStored(
    principal: Principal,
    facts: readonly RequestedFacts[],
    repeatable: Repeatable,
  ): Promise<readonly Decision[]> {
    const found = await this.idempotency.find(principal, repeatable);
    if (found) return this.#repeated(found);
    const asked = facts.map((request, i): Asked => {
      const key = repeatable.keys[i];
      return key ? { request, once: { key, body: repeatable.body } } : { request };
    });
    try {
      return await this.maker.make(principal, asked);
    } catch (error) {
      if (!(error instanceof AlreadyRecorded)) throw error;
      const stored = await this.idempotency.find(principal, repeatable);
      if (!stored) throw error;
      return this.#repeated(stored);
    }
  }

  /** The first answer again, unless it permits something and the kill switch was used since: a permit does not come back. */
  async #repeated(ids: readonly string[]): Promise<readonly Decision[]> {
    const answers = await this.reader.answers(ids);
    if (answers.some(({ outcome }) => outcome === 'permit') && (await this.ledger.killedSince(ids))) throw superseded();
    return answers;
  }

  /** The actor left out is the caller. Whom it acts for is who its token vouches for, where that says so. */
  #requested(principal: Principal, request: DecisionRequestDto): RequestedFacts {
    const { onBehalfOf } = principal;
    if (request.actor && !onBehalfOf) return request as RequestedFacts;
    const { action, resource, context } = request;
    const actor = (request.actor as RequestedFacts['actor'] | undefined) ?? this.#self(principal);
    if (onBehalfOf && actor.onBehalfOf) requireSamePerson(onBehalfOf, actor.onBehalfOf);
    const acting = onBehalfOf ? { ...actor, onBehalfOf } : actor;
    return { actor: acting, action, resource, ...(context && { context }) };
  }

  #self(principal: Principal): RequestedFacts['actor'] {
    const type = this.actors.factsOf('service', principal.name)?.id === principal.id ? 'service' : 'agent';
    return { type, id: principal.name };
  }
}

/** Rejects with ProblemError 503 when there is no answer in time. */
async function patiently<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(notRecorded());
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const superseded = (): ProblemError =>
  new ProblemError({
    status: 409,
    type: 'permit-superseded',
    title: 'The permit is void',
    detail: 'The kill switch was used since it was given. Ask again with a new idempotency key.',
  });

const notRecorded = (): ProblemError =>
  new ProblemError({
    status: 503,
    type: 'not-recorded',
    title: 'The decision could not be recorded',
    detail: 'There is no outcome. Ask again, with the same idempotency key if there was one.',
    retryAfter: 1,
  });
