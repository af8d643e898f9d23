interface Flag {
  readonly description: string;
  /** The room that asks. */
  readonly owner: string;
  readonly default: boolean;
  /** What counts when nobody can say how it is set. */
  readonly failSecure: boolean;
  /** By then the flag and the way not taken are gone: YYYY-MM-DD. */
  readonly ends: string;
}

/** Every flag there is. None of them turns a security control off: that is no flag, and a test reads the names. */
export const flags = {
  enable_async_auth: {
    description: 'Passwords are hashed in a bounded pool of threads; off: in line, on the event loop.',
    owner: 'identity',
    default: true,
    failSecure: true,
    ends: '2027-12-31',
  },
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof flags;

export const isFlag = (name: string): name is FlagName => Object.hasOwn(flags, name);
