/** One page of a keyset listing, newest first. `next` is the cursor of the following page, or null at the end. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** Cuts a page out of rows that were read with `LIMIT limit + 1`, ordered by the key that `keyOf` gives. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  itemOf: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: shown.map(itemOf), next: more ? Buffer.from(keyOf(last)).toString('base64url') : null };
}

/** The key inside a cursor that `pageOf` made; null when the text is not one. */
export function keyOfCursor(cursor: string): string | null {
  const key = Buffer.from(cursor, 'base64url').toString();
  return Buffer.from(key).toString('base64url') === cursor && key.length > 0 && !key.includes('\0') ? key : null;
}
