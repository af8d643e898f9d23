export { freshKeyFile, VaultKeys } from './key-file.js';
export { SecretBox } from './secret-box.js';
export { type SubjectKey, SubjectVault, VaultUnavailable } from './subject-vault.js';
export { vaultSettings } from './vault.config.js';
export { VaultModule, type VaultOptions } from './vault.module.js';
