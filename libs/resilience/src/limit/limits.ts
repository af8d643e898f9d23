import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type Bucket, BucketTable } from '../core/index.js';
import { type ResilienceSettings, SETTINGS } from '../resilience.config.js';
import { counterNameOf } from './address.js';
import { bucketOf } from './limit.js';
import { type LimitCounts, observeLimits } from './limit.metrics.js';
import { type RouteClass, routeClasses } from './route-class.js';

/** What a request that was answered 401 counts at its address. */
const UNAUTHENTICATED = 100;

/** A bucket of a class: what the answer's header fields say of it. */
export interface ClassLimit extends Bucket {
  readonly kind: number;
  /** The `RateLimit-Policy` field. */
  readonly policy: string;
}

/** The limits of this process, in memory: by account (or by address, where a route is public) and class of route, and by address alone.
 *  Two tables, so that many addresses never take the place of accounts. */
@Injectable()
export class Limits implements OnModuleDestroy {
  readonly accounts: BucketTable;
  readonly addresses: BucketTable;
  readonly #classes: Readonly<Record<RouteClass, ClassLimit>>;
  readonly #address: Bucket;
  readonly #counts: LimitCounts;
  readonly #unobserve: () => void;

  constructor(@Inject(SETTINGS) settings: ResilienceSettings) {
    this.accounts = new BucketTable({ capacity: settings.LIMIT_KEYS, key: freshKey() });
    this.addresses = new BucketTable({ capacity: settings.LIMIT_KEYS, key: freshKey() });
    this.#address = bucketOf(settings.LIMIT_ADDRESS);
    this.#classes = {
      decision: classLimit('decision', settings.LIMIT_DECISION),
      read: classLimit('read', settings.LIMIT_READ),
      write: classLimit('write', settings.LIMIT_WRITE),
      expensive: classLimit('expensive', settings.LIMIT_EXPENSIVE),
      'sign-in': classLimit('sign-in', `${String(settings.SIGN_IN_REQUESTS_PER_MINUTE)}/m`),
    };
    this.#counts = { allowed: counters(), rejected: counters(), highest: counters() };
    this.#unobserve = observeLimits(this.#counts, { account: this.accounts, address: this.addresses });
  }

  of(routeClass: RouteClass): ClassLimit {
    return this.#classes[routeClass];
  }

  /** Takes what a request of this class counts. Answers the tokens left, or minus the milliseconds to wait. */
  takeForAccount(account: string, routeClass: RouteClass, tokens: number): number {
    return this.#take(this.accounts, account, routeClass, tokens);
  }

  takeForAddress(address: string, routeClass: RouteClass, tokens: number): number {
    return this.#take(this.addresses, counterNameOf(address), routeClass, tokens);
  }

  /** Any request of an address, before anything is known of it. Answers like the others. */
  admit(address: string): number {
    const left = this.addresses.take(ADDRESS, counterNameOf(address), this.#address, 1, performance.now());
    this.#count(ADDRESS, this.#address, left);
    return left;
  }

  /** A request of this address was answered 401. */
  noteUnauthenticated(address: string): void {
    const now = performance.now();
    this.addresses.drain(ADDRESS, counterNameOf(address), this.#address, UNAUTHENTICATED, now);
  }

  onModuleDestroy(): void {
    this.#unobserve();
  }

  #take(table: BucketTable, key: string, routeClass: RouteClass, tokens: number): number {
    const limit = this.#classes[routeClass];
    const left = table.take(limit.kind, key, limit, tokens, performance.now());
    this.#count(limit.kind, limit, left);
    return left;
  }

  #count(kind: number, { burst }: Bucket, left: number): void {
    const { allowed, rejected, highest } = this.#counts;
    const counter = left < 0 ? rejected : allowed;
    counter[kind] = (counter[kind] ?? 0) + 1;
    const used = left < 0 ? 1 : 1 - left / burst;
    if (used > (highest[kind] ?? 0)) highest[kind] = used;
  }
}

/** Beside the classes: any request of an address. */
const ADDRESS = routeClasses.length;

const counters = (): Float64Array => new Float64Array(routeClasses.length + 1);

const freshKey = (): [number, number] => {
  const bytes = randomBytes(8);
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)];
};

function classLimit(routeClass: RouteClass, text: string): ClassLimit {
  const { burst, perSecond } = bucketOf(text);
  const window = Math.max(1, Math.ceil(burst / perSecond));
  const policy = `"${routeClass}";q=${String(burst)};w=${String(window)}`;
  return { burst, perSecond, kind: routeClasses.indexOf(routeClass), policy };
}
