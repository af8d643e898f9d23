import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Principal } from '@lexecon/auth';
import { type ActorFacts, actorTypes } from './actor.js';
import { changedActors, currentEpoch, type StoredActor } from './actor.queries.js';
import { CredentialUses } from './credential-use.js';
import type { KeyHolder } from './key-holder.js';
import { changedKeys } from './key.queries.js';
import { unavailable } from '../refusal.js';
import { KeyRing, type StoredKey } from './key-ring.js';
import type { KeyRole } from './actor.js';
import { changedFederations, type StoredFederation } from '../federation/federation.queries.js';
import { endOfDay } from './review.term.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';

/** How often a replica asks for changes, and how old its answer may be at most, in milliseconds. */
const REFRESH_MS = 300;
const STALE_MS = 1_000;
/** When an unanswered refresh is given up for another one. */
const PATIENCE_MS = 2_000;

type Registered = ActorFacts & KeyHolder;

export interface Federated {
  /** Of the federation. */
  readonly id: string;
  readonly role: KeyRole;
  readonly holder: KeyHolder;
}

/** Every registered actor and key, in memory, at most a second behind the database. */
@Injectable()
export class ActorRegistry implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(ActorRegistry.name);
  readonly #actors = new Map<string, Registered>();
  readonly #names = new Map<string, Map<string, Registered>>(actorTypes.map((type) => [type, new Map()]));
  readonly #ring: KeyRing;
  /** By issuer, then by the issuer's name for the actor. */
  readonly #federations = new Map<string, Map<string, StoredFederation>>();
  #version = 0;
  #epoch = 0n;
  #asOf = -Infinity;
  #turn = 0;
  #running: Promise<unknown> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    uses: CredentialUses,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'AGENT_REVIEW_GRACE_DAYS'>,
  ) {
    this.#ring = new KeyRing((id) => this.#actors.get(id), uses);
  }

  /** Undefined: nobody is registered under that type and name, whatever the type. Throws ProblemError 503 when the registry is more than a second old. */
  factsOf(type: string, name: string): ActorFacts | undefined {
    this.#requireFresh();
    return this.#names.get(type)?.get(name);
  }

  /** Null: malformed, unknown, expired or revoked, or used from a network it is not for. Throws ProblemError 503 when the registry is more than a second old. */
  authenticateKey(token: string, address: string): Principal | null {
    this.#requireFresh();
    return this.#ring.principalOf(token, Date.now(), address);
  }

  /** Counts the changes that came here: what was looked up under an older count is looked up again. Throws ProblemError 503 when the
   *  registry is more than a second old. */
  version(): number {
    this.#requireFresh();
    return this.#version;
  }

  /** Whom a pinned issuer's tokens for this subject let in, and as what. Undefined: nobody. */
  federated(issuer: string, subject: string): Federated | undefined {
    const found = this.#federations.get(issuer)?.get(subject);
    const holder = found && this.#actors.get(found.actorId);
    return holder && { id: found.id, role: found.role, holder };
  }

  async onModuleInit(): Promise<void> {
    await this.refresh();
    this.#schedule();
  }

  onModuleDestroy(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Resolves once everything that was committed before the call is here. What it rejects with is the database's error; after
   *  a second without success the registry is stale. One refresh runs at a time, and one waits for all who called meanwhile: however
   *  often it is called, what was read is used. */
  refresh(): Promise<void> {
    this.#waiting ??= this.#running.then(() => this.#begin());
    return this.#waiting;
  }

  /** As `refresh`, after a change that was made here: when it fails the change stands, and the next poll brings it. */
  async catchUp(): Promise<void> {
    await this.refresh().catch(() => undefined);
  }

  #begin(): Promise<void> {
    this.#waiting = undefined;
    this.#turn += 1;
    const begun = withPatience(this.#read(this.#turn));
    this.#running = begun.catch(() => undefined);
    return begun;
  }

  /** One that was given up drops what it read: it may be older than what is here. */
  async #read(turn: number): Promise<void> {
    const asked = performance.now();
    const { manager } = this.dataSource;
    const epoch = await currentEpoch(manager);
    const restored = epoch < this.#epoch;
    const since = restored ? 0n : this.#epoch;
    const actors = epoch === since ? [] : await changedActors(manager, since);
    const keys = epoch === since ? [] : await changedKeys(manager, since);
    const federations = epoch === since ? [] : await changedFederations(manager, since);
    if (turn !== this.#turn) return;
    if (restored) this.#forgetAll();
    if (epoch !== this.#epoch) this.#apply(actors, keys, federations);
    this.#epoch = epoch;
    this.#asOf = asked;
  }

  #apply(actors: readonly StoredActor[], keys: readonly StoredKey[], federations: readonly StoredFederation[]): void {
    for (const stored of actors) {
      const actor = { ...stored, stopsAt: this.#stopsAt(stored) };
      this.#actors.set(actor.id, actor);
      this.#names.get(actor.type)?.set(actor.name, actor);
    }
    this.#ring.put(keys);
    for (const federation of federations) this.#federate(federation);
    this.#version += 1;
    this.#ring.forgetPrincipals();
  }

  #federate(federation: StoredFederation): void {
    const { issuer, subject, id, removed } = federation;
    const subjects = this.#federations.get(issuer) ?? new Map<string, StoredFederation>();
    this.#federations.set(issuer, subjects);
    if (!removed) subjects.set(subject, federation);
    else if (subjects.get(subject)?.id === id) subjects.delete(subject);
  }

  #stopsAt({ reviewBy }: StoredActor): number {
    const grace = this.settings.AGENT_REVIEW_GRACE_DAYS;
    return grace === undefined || reviewBy === null ? Infinity : endOfDay(reviewBy, grace);
  }

  /** The database went back in time (it was restored): what it no longer knows must not be known here. */
  #forgetAll(): void {
    this.#actors.clear();
    for (const names of this.#names.values()) names.clear();
    this.#ring.clear();
    this.#federations.clear();
  }

  #requireFresh(): void {
    if (performance.now() - this.#asOf > STALE_MS)
      throw unavailable('The registry of actors and keys is more than a second old', 'registry-stale');
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.#tick().finally(() => {
        this.#schedule();
      });
    }, REFRESH_MS).unref();
  }

  async #tick(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      if (!this.#stopped) this.#logger.warn(`actors and keys were not refreshed: ${reasonOf(error)}`);
    }
  }
}

function withPatience(refresh: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(reject, PATIENCE_MS, new Error(`no answer within ${String(PATIENCE_MS)} ms`)).unref();
  return Promise.race([refresh, promise]).finally(() => clearTimeout(timer));
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown reason');
