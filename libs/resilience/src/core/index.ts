export { type Bucket, fillMs, fullAfter, tokensLeft, waitMs } from './bucket.js';
export { BucketTable, type BucketTableOptions } from './bucket.table.js';
