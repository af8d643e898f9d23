import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LedgerService } from '@lexecon/ledger';
import { compileAsync, hashOf, type PolicySet, type PolicyVersion, setHashOf } from './core/index.js';
import { activeVersions, versionsOfSet } from './policy.queries.js';
import { Refreshed } from './refreshed.js';
import { unavailable } from './refusal.js';

/** How often a replica asks whether other policies are active, and how old its answer may be at most, in milliseconds. */
const PERIOD_MS = 300;
const STALE_MS = 2_000;
/** Sets of the past that are kept compiled. */
const PAST_SETS = 8;

export interface Active {
  readonly set: PolicySet;
  /** The policy epoch that the set was read at; the ledger refuses decisions made under a superseded one. */
  readonly epoch: number;
  readonly loadedAt: Date;
}

/** The policies active now, compiled, in memory, at most two seconds behind the database; and sets of the past. */
@Injectable()
export class ActivePolicies implements OnModuleInit, OnModuleDestroy {
  readonly #refreshed = new Refreshed('policies', PERIOD_MS, () => this.#read());
  readonly #past = new Map<string, Promise<PolicySet | null>>();
  #active: Active | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly ledger: LedgerService,
  ) {}

  /** Throws ProblemError 503 when what is in memory is more than two seconds old. */
  active(): Active {
    if (!this.#active || this.#refreshed.age > STALE_MS) {
      throw unavailable('policies-stale', 'The active policies are more than two seconds old');
    }
    return this.#active;
  }

  /** Null when nothing was read yet, or not within the last two seconds. */
  activeHash(): string | null {
    return this.#refreshed.age > STALE_MS ? null : (this.#active?.set.hash ?? null);
  }

  /** The set with this hash when it was ever active here and still says what it said, else null. */
  async setOf(hash: string): Promise<PolicySet | null> {
    if (this.#active?.set.hash === hash) return this.#active.set;
    const known = this.#past.get(hash) ?? this.#compilePast(hash);
    this.#past.delete(hash);
    this.#past.set(hash, known);
    for (const oldest of this.#past.keys()) {
      if (this.#past.size <= PAST_SETS) break;
      this.#past.delete(oldest);
    }
    try {
      const set = await known;
      if (!set) this.#past.delete(hash);
      return set;
    } catch (error) {
      this.#past.delete(hash);
      throw error;
    }
  }

  async onModuleInit(): Promise<void> {
    await this.#refreshed.start();
  }

  onModuleDestroy(): void {
    this.#refreshed.stop();
  }

  /** Resolves once everything that was activated before the call is here. */
  refresh(): Promise<void> {
    return this.#refreshed.refresh();
  }

  /** As `refresh`, after a change that was made here; never rejects. */
  catchUp(): Promise<void> {
    return this.#refreshed.catchUp();
  }

  /** The epoch is read before the versions: these may be newer than it says, never older. */
  async #read(): Promise<() => void> {
    const { policy: epoch } = await this.ledger.epochs();
    const before = this.#active;
    if (before?.epoch === epoch) return () => undefined;
    const versions = await activeVersions(this.dataSource.manager);
    const altered = versions.find((version) => !isTakenOver(version, before?.set) && !isIntact(version));
    if (altered) throw new Error(`version ${String(altered.version)} of ${altered.document.name} was altered`);
    const set = await compileAsync(versions, { yield: nextTurn, reuse: before?.set });
    return () => {
      this.#active = { set, epoch, loadedAt: new Date() };
    };
  }

  async #compilePast(hash: string): Promise<PolicySet | null> {
    const versions = hash === setHashOf([]) ? [] : await versionsOfSet(this.dataSource.manager, hash);
    if (!versions?.every(isIntact)) return null;
    return compileAsync(versions, { yield: nextTurn, reuse: this.#active?.set });
  }
}

/** Records name policies by hash: a document that its hash does not fit was changed behind our back, and decides nothing. */
const isIntact = ({ document, hash }: PolicyVersion): boolean => hashOf(document) === hash;

const isTakenOver = ({ version, hash }: PolicyVersion, set: PolicySet | undefined): boolean =>
  set?.policies.some((policy) => policy.hash === hash && policy.version === version) === true;
