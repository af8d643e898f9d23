export { byteaArray, smallintArray, textArray, uuidArray } from './binary-array.js';
export type { Freshness } from './batch.js';
export { AlreadyRecorded, LedgerUnavailable, Superseded } from './failure.js';
export { ledgerSettings, type LedgerOptions } from './ledger.config.js';
export { LedgerHealth } from './ledger.health.js';
export { LedgerModule } from './ledger.module.js';
export { LedgerReader, type Place, type StoredEntry } from './ledger.reader.js';
export { type Item, LedgerService } from './ledger.service.js';
export { ProofService, tlogProofText } from './proof.service.js';
