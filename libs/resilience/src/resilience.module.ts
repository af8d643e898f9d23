import { Global, Module } from '@nestjs/common';
import { BreakerHealth } from './breaker/breaker.health.js';
import { Breakers } from './breaker/breakers.js';

/** What keeps trouble from spreading: circuit breakers around what we call. */
@Global()
@Module({ providers: [Breakers, BreakerHealth], exports: [Breakers] })
export class ResilienceModule {}
