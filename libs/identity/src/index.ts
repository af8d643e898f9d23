export { type Actor, type ActorFacts, type ActorType, type Attributes, keyRoles } from './actor/actor.js';
export { ActorRegistry } from './actor/actor-registry.js';
export type { NewActor } from './actor/actor.service.js';
export { formatApiKey, freshApiKey, parseApiKey } from './actor/api-key.format.js';
export { IdentityAuthenticator } from './identity.authenticator.js';
export { type GivenPerson, IdentityBootstrap } from './identity.bootstrap.js';
export { identitySettings, type IdentitySettings } from './identity.config.js';
export { isInsecure } from './sso/provider.config.js';
export { IdentityModule } from './identity.module.js';
