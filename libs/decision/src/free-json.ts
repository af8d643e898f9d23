import { registerDecorator } from 'class-validator';

/** Deepest nesting and most keys of `properties` and `attributes`. */
const FREE_JSON_DEPTH = 8;
const FREE_JSON_KEYS = 256;
/** Name of the constraint, in class-validator and as keyword of the compiled schema. */
export const FREE_JSON = 'isFreeJson';

/** A JSON object within the limits: nested at most 8 deep, at most 256 keys in all, only finite numbers and well-formed text. */
export function isFreeJson(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && count(value, 1) <= FREE_JSON_KEYS;
}

/** How many keys there are; infinity when something is not allowed. */
function count(value: object, depth: number): number {
  if (depth > FREE_JSON_DEPTH) return Infinity;
  const isArray = Array.isArray(value);
  let keys = 0;
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    if (!isArray) {
      keys += 1;
      if (!key.isWellFormed()) return Infinity;
    }
    if (typeof member === 'string' ? !member.isWellFormed() : typeof member === 'number' && !Number.isFinite(member))
      return Infinity;
    if (typeof member === 'object' && member !== null) keys += count(member, depth + 1);
    if (keys > FREE_JSON_KEYS) return Infinity;
  }
  return keys;
}

/** The member is free JSON. */
export function IsFreeJson(): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: FREE_JSON,
      target: target.constructor,
      propertyName: String(propertyName),
      validator: {
        validate: isFreeJson,
        defaultMessage: () =>
          `$property must be an object nested at most ${String(FREE_JSON_DEPTH)} deep with at most ${String(FREE_JSON_KEYS)} keys, finite numbers and well-formed text`,
      },
    });
  };
}
