/** PostgreSQL's binary array format. `pg` sends a Buffer parameter as binary, so a whole column of a batch goes out without being
 *  escaped value by value (layout: src/backend/utils/adt/arrayfuncs.c, array_recv). */
function arrayOf(oid: number, elements: readonly (Buffer | null)[]): Buffer {
  if (elements.length === 0) return header(0, oid, 0);
  const size = elements.reduce((sum, element) => sum + 4 + (element?.length ?? 0), 20);
  const bytes = Buffer.allocUnsafe(size);
  header(elements.includes(null) ? 1 : 0, oid, elements.length).copy(bytes);
  let at = 20;
  for (const element of elements) {
    at = bytes.writeInt32BE(element?.length ?? -1, at);
    if (element) at += element.copy(bytes, at);
  }
  return bytes;
}

function header(hasNull: number, oid: number, length: number): Buffer {
  const bytes = Buffer.alloc(length === 0 ? 12 : 20);
  bytes.writeInt32BE(length === 0 ? 0 : 1, 0);
  bytes.writeInt32BE(hasNull, 4);
  bytes.writeInt32BE(oid, 8);
  if (length > 0) {
    bytes.writeInt32BE(length, 12);
    bytes.writeInt32BE(1, 16);
  }
  return bytes;
}

export const byteaArray = (values: readonly (Buffer | null)[]): Buffer => arrayOf(17, values);

/** 16 bytes each. */
export const uuidArray = (values: readonly (Buffer | null)[]): Buffer => arrayOf(2950, values);

export const textArray = (values: readonly (string | null)[]): Buffer =>
  arrayOf(
    25,
    values.map((value) => (value === null ? null : Buffer.from(value))),
  );

export const smallintArray = (values: readonly number[]): Buffer =>
  arrayOf(
    21,
    values.map((value) => {
      const bytes = Buffer.allocUnsafe(2);
      bytes.writeInt16BE(value);
      return bytes;
    }),
  );
