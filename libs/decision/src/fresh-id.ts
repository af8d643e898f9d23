import { randomFillSync } from 'node:crypto';
import { v7 as uuid7 } from 'uuid';

const ID_BYTES = 16;
const drawn = Buffer.allocUnsafeSlow(256 * ID_BYTES);
let used = drawn.length;

/** A new UUIDv7 of this moment, 16 bytes. Its randomness is drawn in bulk: asking the system for each id takes longer than evaluating a request. */
export function freshId(at: Date): Buffer {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += ID_BYTES;
  return uuid7({ msecs: at.getTime(), random: drawn.subarray(used - ID_BYTES, used) }, Buffer.allocUnsafe(ID_BYTES));
}
