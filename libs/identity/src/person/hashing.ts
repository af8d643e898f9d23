import { hash, hashSync, type Options, verify, verifySync } from '@node-rs/argon2';
import { unavailable } from '../refusal.js';

/** Where Argon2 runs. `mode` is what measurements are told apart by. */
export interface Hashing {
  readonly mode: 'async' | 'sync';
  /** A PHC string. */
  readonly hash: (password: string, cost: Options) => Promise<string>;
  readonly verify: (stored: string, password: string) => Promise<boolean>;
}

/** In line, on the event loop, which turns no further until the hash is done. */
export const inLine: Hashing = {
  mode: 'sync',
  hash: async (password, cost) => Promise.resolve(hashSync(password, cost)),
  verify: async (stored, password) => Promise.resolve(verifySync(stored, password)),
};

/** On threads of libuv, `threads` hashes at a time, so that as much memory is the most that hashing takes. Up to `queue` more wait in
 *  the order they came; further ones reject with ProblemError 503, whoever they are for. */
export function inThreads(threads: number, queue: number): Hashing {
  const waiting: (() => void)[] = [];
  let running = 0;
  const enter = async (): Promise<void> => {
    if (running < threads) {
      running += 1;
      return;
    }
    if (waiting.length >= queue) throw unavailable('Too many people sign in at this moment', 'sign-in-busy');
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  /** Whoever waits longest takes the place over. */
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
  return {
    mode: 'async',
    hash: (password, cost) => inTurn(() => hash(password, cost)),
    verify: (stored, password) => inTurn(() => verify(stored, password)),
  };
}
