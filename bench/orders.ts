/** What the load tells a server process to do; it answers each with `done`. */
export type Order =
  | { readonly do: 'ledger'; readonly as: 'group' | 'chain' }
  | { readonly do: 'profile' }
  | { readonly do: 'stop-profile'; readonly file: string };

export type Report = { readonly said: 'ready' } | { readonly said: 'done' };
