/** Standard base64 with padding, or null when `text` is not exactly how its bytes are written. */
export function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
