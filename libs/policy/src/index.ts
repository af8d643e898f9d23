export type { Active } from './active-policies.js';
export { PolicyModule } from './policy.module.js';
export { PolicyService } from './policy.service.js';
export type { PolicySummary, Version, VersionState, WholeVersion } from './policy.version.js';
export type { ResourceFacts } from './resource.js';
export { ResourceService } from './resource.service.js';
