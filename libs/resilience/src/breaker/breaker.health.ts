import { Injectable } from '@nestjs/common';
import { Breakers } from './breakers.js';

/** Degraded while a breaker is not closed: what needs that other system is refused, decisions go on. */
@Injectable()
export class BreakerHealth {
  readonly name = 'circuit_breakers';
  readonly parts = ['health'] as const;

  constructor(private readonly breakers: Breakers) {}

  check(): Promise<'up' | 'degraded'> {
    return Promise.resolve(this.breakers.broken().length > 0 ? 'degraded' : 'up');
  }
}
