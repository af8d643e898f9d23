export type { HealthContribution, HealthFacts, HealthPart, HealthStatus } from './health.contribution.js';
export { HealthModule } from './health.module.js';
export { HealthService } from './health.service.js';
export { type Watchdog, watchEventLoop } from './watchdog.js';
