/** `postgres`, or where a Valkey server is. */
export type StoreAddress = { readonly kind: 'postgres' } | { readonly kind: 'valkey'; readonly url: string };

/** Null when the text is no address of a store. */
export function storeOf(text: string): StoreAddress | null {
  if (text === 'postgres') return { kind: 'postgres' };
  const [, tls, rest] = /^valkey(s?):\/\/(.+)$/.exec(text) ?? [];
  if (rest === undefined || !URL.canParse(`redis://${rest}`)) return null;
  const { hostname, pathname, search, hash } = new URL(`redis://${rest}`);
  const plain = hostname !== '' && /^\/?\d{0,2}$/.test(pathname) && search === '' && hash === '';
  return plain ? { kind: 'valkey', url: `redis${tls ?? ''}://${rest}` } : null;
}

export const isStore = (text: string): boolean => storeOf(text) !== null;
