import { Logger } from '@nestjs/common';
import { createClient } from '@redis/client';
import type { Breaker } from '../breaker/breaker.js';
import { type Bucket, fillMs } from '../core/index.js';
import type { BucketStore } from './bucket.store.js';

const PREFIX = 'lexecon:bucket:';
const CONNECT_MS = 2_000;
const RETRY_MS = 500;

/** Buckets in a Valkey or Redis server (7 or newer): one key each, which ends by itself when its bucket is full. The server must evict
 *  nothing: a bucket thrown out is a bucket refilled. One that would is not relied on, and every call rejects. */
export class ValkeyStore implements BucketStore {
  readonly #client: ReturnType<typeof createClient>;
  readonly #logger = new Logger('LimitsStore');
  #checked = false;

  constructor(
    url: string,
    private readonly breaker: Breaker,
  ) {
    this.#client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { connectTimeout: CONNECT_MS, reconnectStrategy: RETRY_MS },
    });
    this.#client.on('error', (error: Error) =>
      this.#logger.warn({ err: error }, 'the store of limits does not answer'),
    );
    this.#client.on('ready', () => {
      this.#checked = false;
    });
  }

  /** Begins to connect, and does not wait for it: until then calls reject. */
  connect(): void {
    this.#client.connect().catch((error: unknown) => this.#logger.warn({ err: error }, 'no connection'));
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  take(key: Buffer, bucket: Bucket, tokens: number): Promise<number> {
    return this.#run(TAKE, key, costMs(bucket, tokens), fillMs(bucket));
  }

  async give(key: Buffer, bucket: Bucket, tokens: number): Promise<void> {
    await this.#run(GIVE, key, costMs(bucket, tokens), 0);
  }

  async forget(key: Buffer): Promise<void> {
    await this.#run(`return redis.call('DEL', KEYS[1])`, key, 0, 0);
  }

  async check(): Promise<void> {
    await this.breaker.execute(() => this.#reliable());
  }

  #run(script: string, key: Buffer, cost: number, fill: number): Promise<number> {
    return this.breaker.execute(async () => {
      if (!this.#checked) await this.#reliable();
      const keys = [PREFIX + key.toString('base64url')];
      const answer = await this.#client.eval(script, { keys, arguments: [String(cost), String(fill)] });
      return Number(answer);
    });
  }

  /** Once for each connection, and whenever health is asked for. */
  async #reliable(): Promise<void> {
    const memory = await this.#client.info('memory');
    const [, policy = 'unknown'] = /^maxmemory_policy:(\S+)/m.exec(memory) ?? [];
    this.#checked = policy === 'noeviction';
    if (!this.#checked)
      throw new Error(`the store of limits evicts keys (maxmemory-policy ${policy}): set it to noeviction`);
  }
}

/** The server's clock, in milliseconds; scripts run one at a time. */
const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local full = tonumber(redis.call('GET', KEYS[1])) or now
local cost = tonumber(ARGV[1])
if full < now then full = now end
`;

const TAKE = `${NOW}
local after = full + cost
local wait = after - now - tonumber(ARGV[2])
if wait > 0.001 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.max(1, math.ceil(after - now)))
return 0`;

const GIVE = `${NOW}
local after = full - cost
if after <= now then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.max(1, math.ceil(after - now))) end
return 0`;

const costMs = ({ burst, perSecond }: Bucket, tokens: number): number => (Math.min(tokens, burst) / perSecond) * 1000;
