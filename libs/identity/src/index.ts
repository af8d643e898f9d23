export type { ActorFacts, ActorType, Attributes } from './actor.js';
export { ActorRegistry } from './actor-registry.js';
export { IdentityAuthenticator } from './identity.authenticator.js';
export { identitySettings, type IdentitySettings } from './identity.config.js';
export { IdentityModule } from './identity.module.js';
