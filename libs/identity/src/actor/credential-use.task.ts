import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import { DataSource } from 'typeorm';
import { AccessLog } from '../access/access-log.js';
import { CredentialUses, type FirstUse } from './credential-use.js';
import { insertSeen, storeUses, unseen } from './credential-use.queries.js';

const FIRST_MS = 1_000;
const USED_MS = 60_000;
/** Most first uses that are put on record in one go. */
const MOST = 100;

/** Writes when credentials were last used, once a minute, and puts their first use from each network on record, a second later at
 *  most. What cannot be written waits and is tried again; replicas write the same rows without harm. */
@Injectable()
export class CredentialUseTask implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(CredentialUseTask.name);
  readonly #lost = metrics.getMeter('lexecon').createCounter('lexecon.agent.first_use.lost', {
    description: 'First uses of keys that could not be kept until they were on record',
  });
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #writtenTo = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly uses: CredentialUses,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#turn(Date.now()).finally(() => {
        this.#running = undefined;
      });
    }, FIRST_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    await this.#turn(Date.now(), 0);
  }

  async #turn(now: number, periodMs = USED_MS): Promise<void> {
    try {
      await this.writeFirst();
      if (now >= this.#writtenTo + periodMs) await this.writeUsed(now);
    } catch (error) {
      this.#logger.warn({ err: error }, 'uses of credentials wait to be written');
    }
  }

  /** Resolves once every first use so far is on record. */
  async writeFirst(): Promise<void> {
    this.#tellLost();
    let taken = this.uses.takeFirst();
    while (taken.length > 0) {
      const now = taken.slice(0, MOST);
      try {
        await this.#record(now);
      } catch (error) {
        this.uses.giveBack(taken);
        throw error;
      }
      taken = taken.slice(MOST);
    }
  }

  /** `now` in Unix milliseconds. */
  async writeUsed(now: number): Promise<void> {
    const used = this.uses.usedSince(this.#writtenTo);
    if (used.size > 0) await storeUses(this.dataSource.manager, used);
    this.#writtenTo = now;
  }

  async #record(first: readonly FirstUse[]): Promise<void> {
    const missing = await unseen(this.dataSource.manager, first);
    for (const seen of missing) {
      const use = first.find(({ credential, network }) => credential === seen.credential && network === seen.network);
      if (use) await this.#recordOne(use);
    }
  }

  async #recordOne({ credential, network, address, type, by, proof }: FirstUse): Promise<void> {
    const named = proof === 'api-key' ? { key: credential } : { federation: credential };
    const facts = { actor: { type, id: by.name }, ...named };
    const record = await this.log.seal({ event: 'key-first-used', by, from: { address }, proof, public: facts });
    await this.dataSource.transaction(async (tx) => {
      const inserted = await insertSeen(tx, { credential, network });
      if (inserted) await this.log.append(tx, inserted.first ? record : { ...record, event: 'key-used-elsewhere' });
    });
  }

  #tellLost(): void {
    const lost = this.uses.takeLost();
    if (lost === 0) return;
    this.#lost.add(lost);
    this.#logger.error(`${String(lost)} first uses of credentials are not on record: too many waited`);
  }
}
