/** What the load tells a server process to do; it answers each with `done`. */
export type Order =
  | { readonly do: 'ledger'; readonly as: 'group' | 'chain' }
  | { readonly do: 'profile' }
  | { readonly do: 'stop-profile'; readonly file: string }
  | { readonly do: 'delay' }
  | { readonly do: 'stop-delay' };

/** How long the event loop was held, in milliseconds. */
export interface Delay {
  readonly p99: number;
  readonly max: number;
}

export type Report = { readonly said: 'ready' } | { readonly said: 'done'; readonly delay?: Delay | undefined };
