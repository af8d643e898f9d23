export { underLock } from './advisory-lock.js';
export { DatabaseHealth, MigrationHealth } from './database.health.js';
export { DatabaseModule } from './database.module.js';
export { type DatabaseOptions, migrate, UnsupportedDatabase } from './migrate.js';
export { keyOfCursor, type Page, pageOf } from './page.js';
export { isUnavailable } from './unavailable.js';
