import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerModule, ThrottlerStorage } from '@nestjs/throttler';
import { DataSource } from 'typeorm';
import { BreakerHealth } from './breaker/breaker.health.js';
import { Breakers } from './breaker/breakers.js';
import { LimitGuard } from './limit/limit.guard.js';
import { RateLimiterHealth } from './limit/limit.health.js';
import { LimitStorage } from './limit/limit.storage.js';
import { Limits } from './limit/limits.js';
import { LoadShedder } from './load/load-shedder.js';
import { type ResilienceSettings, SETTINGS } from './resilience.config.js';
import type { BucketStore } from './store/bucket.store.js';
import { BucketTask } from './store/bucket.task.js';
import { PostgresStore } from './store/postgres.store.js';
import { BUCKET_STORE, SharedLimits } from './store/shared-limits.js';
import { storeOf } from './store/store.address.js';
import { ValkeyStore } from './store/valkey.store.js';

/** What keeps trouble from spreading: limits, load shedding, circuit breakers around what we call. Needs the database module. */
@Global()
@Module({})
export class ResilienceModule {
  static with(settings: ResilienceSettings): DynamicModule {
    return {
      module: ResilienceModule,
      providers: [
        { provide: SETTINGS, useValue: settings },
        {
          provide: BUCKET_STORE,
          useFactory: (dataSource: DataSource, breakers: Breakers): BucketStore =>
            storeFor(settings, dataSource, breakers),
          inject: [DataSource, Breakers],
        },
        Breakers,
        BreakerHealth,
        Limits,
        LoadShedder,
        RateLimiterHealth,
        SharedLimits,
        BucketTask,
      ],
      exports: [Breakers, Limits, LoadShedder, SharedLimits],
    };
  }

  /** The guard that counts requests. Import it after the module whose guard finds out who is calling: guards run in that order. */
  static guard(): DynamicModule {
    return {
      module: LimitGuardModule,
      imports: [ThrottlerModule.forRoot([{ ttl: 1_000, limit: 1 }])],
      providers: [
        LimitStorage,
        { provide: ThrottlerStorage, useExisting: LimitStorage },
        { provide: APP_GUARD, useClass: LimitGuard },
      ],
    };
  }
}

@Module({})
class LimitGuardModule {}

/** One try a second is enough to notice that it is back. */
const STORE = { timeoutMs: 1_000, openMs: 1_000 };

function storeFor(settings: ResilienceSettings, dataSource: DataSource, breakers: Breakers): BucketStore {
  const address = storeOf(settings.LIMITS_STORE);
  return address?.kind === 'valkey'
    ? new ValkeyStore(address.url, breakers.named('limits-store', STORE))
    : new PostgresStore(dataSource);
}
