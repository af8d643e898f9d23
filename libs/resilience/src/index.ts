export { Breaker, type BreakerOptions, DependencyUnavailable } from './breaker/breaker.js';
export { BreakerHealth } from './breaker/breaker.health.js';
export { Breakers } from './breaker/breakers.js';
export { ResilienceModule } from './resilience.module.js';
