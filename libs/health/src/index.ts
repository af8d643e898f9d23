export type { HealthContribution, HealthFacts, HealthPart, HealthStatus } from './health.contribution.js';
export { type HealthFactsFactory, HealthModule } from './health.module.js';
export { HealthService } from './health.service.js';
export { type Watchdog, watchEventLoop } from './watchdog.js';
