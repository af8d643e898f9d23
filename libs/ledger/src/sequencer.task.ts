import { Logger } from '@nestjs/common';
import { reasonOf } from './failure.js';
import { recordKeyUse } from './key.registry.js';
import { Leadership } from './leadership.js';
import { ensurePartitions } from './partitions.js';
import type { Publisher } from './publisher.js';
import { loadArrivals, type LogState, sequence } from './sequencer.round.js';
import { shardAt } from './shard.js';
import { closeShard, type NextShard, openShard } from './shard.rotation.js';
import type { SigningKeys } from './signing-keys.js';
import { loadHead } from './tree.state.js';

/** Time between rounds and between attempts to become leader, in milliseconds. */
const ROUND_MS = 200;
const ELECTION_MS = 150;
const AFTER_ERROR_MS = 250;
/** How often partitions ahead are made, in rounds. */
const PARTITION_ROUNDS = 18_000;

/** The elected sequencer: any replica runs it, one leads. It holds no authority in memory: after any error it forgets everything,
 *  reconnects and reads again; the database's constraints make two leaders harmless. */
export class Sequencer {
  readonly #log = new Logger('Sequencer');
  #stopped = false;
  #running: Promise<void> | undefined;
  /** Why nothing is signed at the moment; null while all is well. */
  halted: string | null = null;

  constructor(
    private readonly url: string,
    private readonly keys: SigningKeys,
    private readonly publisher: Publisher,
    private readonly now: () => Date = () => new Date(),
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const leadership = await Leadership.tryTake(this.url);
        if (leadership) await this.#lead(leadership);
        await pause(ELECTION_MS);
      } catch (error) {
        this.#halt(error);
        await pause(AFTER_ERROR_MS);
      }
    }
  }

  async #lead(leadership: Leadership): Promise<void> {
    try {
      // Before anything else: after a long pause there is no partition for what beginning may have to write.
      await ensurePartitions(leadership.client);
      let state = await this.#begin(leadership);
      for (let round = 1; !this.#stopped && !leadership.lost; round++) {
        const started = performance.now();
        if (round % PARTITION_ROUNDS === 0) await ensurePartitions(leadership.client);
        state = await this.#round(leadership, state);
        this.halted = null;
        await pause(ROUND_MS - (performance.now() - started));
      }
      if (this.#stopped) await this.#round(leadership, state);
    } finally {
      await leadership.release();
    }
  }

  /** Reads the log, checks it against itself and the guard, and finishes what a predecessor may have left half done. */
  async #begin({ client }: Leadership): Promise<LogState> {
    const head = await loadHead(client);
    if (!head) {
      const arrivals = await loadArrivals(client, 0);
      return this.#open(client, { shard: shardAt(this.now()), previous: null, arrivals });
    }
    const { logId, shard, tree } = head;
    await this.publisher.check(client, logId, shard, tree.size);
    const state = { logId, shard, tree, arrivals: await loadArrivals(client, head.lowArrival) };
    if (head.closedSize === null) await recordKeyUse(client, this.keys, this.keys.logSigner(shard), this.now());
    await this.#published(client, state);
    return head.closedSize === null ? state : this.#next(client, state);
  }

  async #round({ client }: Leadership, state: LogState): Promise<LogState> {
    if (shardAt(this.now()) > state.shard) {
      const closed = await this.#published(client, await closeShard(client, this.keys, state, this.now()));
      return this.#next(client, closed);
    }
    const next = await sequence(client, state);
    return next.tree === state.tree ? next : this.#published(client, next);
  }

  async #next(client: Leadership['client'], { logId, shard, tree, arrivals }: LogState): Promise<LogState> {
    const previous = { logId, shard, size: tree.size, root: tree.root() };
    return this.#open(client, { shard: shardAt(this.now()), previous, arrivals });
  }

  /** A shard that the guard knows already is not begun again: the database lost it. */
  async #open(client: Leadership['client'], next: NextShard): Promise<LogState> {
    await this.publisher.check(client, (next.previous?.logId ?? 0) + 1, next.shard, 0);
    const state = await this.#published(client, await openShard(client, this.keys, next, this.now()));
    await recordKeyUse(client, this.keys, this.keys.logSigner(state.shard), this.now());
    return state;
  }

  async #published(client: Leadership['client'], state: LogState): Promise<LogState> {
    await this.publisher.publish(client, state.logId, state.shard, { size: state.tree.size, root: state.tree.root() });
    return state;
  }

  #halt(error: unknown): void {
    const reason = reasonOf(error);
    if (this.halted !== reason) this.#log.error(`nothing is signed: ${reason}`);
    this.halted = reason;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
