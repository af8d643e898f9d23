export const WRITE_POOL = Symbol('ledger write pool');
export const READ_POOL = Symbol('ledger read pool');
export const SIGNING_KEYS = Symbol('ledger signing keys');
export const GUARD = Symbol('ledger guard');
