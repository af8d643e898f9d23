export { KillSwitch } from './kill-switch.js';
export { OversightModule } from './oversight.module.js';
export { ReviewKind, type ReviewOpened } from './review.kind.js';
export { ReviewService } from './review.service.js';
