export { Flags } from './flags.js';
export { flagSettings } from './flags.config.js';
export { FlagsModule } from './flags.module.js';
