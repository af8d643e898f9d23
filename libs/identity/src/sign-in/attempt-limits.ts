import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { counterNameOf, networkOf, type SharedLimit, SharedLimits } from '@lexecon/resilience';
import { SubjectVault } from '@lexecon/vault';
import { unavailable } from '../refusal.js';

/** A step that can be guessed at. */
export type GuessedStep = 'password' | 'second-factor' | 'recovery-code';

/** An attempt that was counted before it was tried. */
export interface Attempt {
  /** It was none: it succeeded. What it was counted by gets its token back. */
  succeeded(): Promise<void>;
}

const QUARTER = 15 * 60;
const HOUR = 60 * 60;
const KNOWN_DAYS = 90;

/** An address may stand for an office. */
const ADDRESS: SharedLimit = { name: 'attempts address', burst: 100, perSecond: 100 / QUARTER };

/** What one network, and everybody together, may try at one account. */
interface AccountLimits {
  readonly network: SharedLimit;
  readonly everybody: SharedLimit;
}

const limitsOf = (step: GuessedStep, network: number, everybody: number, anHour: number): AccountLimits => ({
  network: { name: `${step} account and network`, burst: network, perSecond: network / QUARTER },
  everybody: { name: `${step} account`, burst: everybody, perSecond: anHour / HOUR },
});

const steps: Readonly<Record<GuessedStep, AccountLimits>> = {
  password: limitsOf('password', 10, 50, 20),
  'second-factor': limitsOf('second-factor', 10, 20, 10),
  'recovery-code': limitsOf('recovery-code', 5, 10, 5),
};

/** Guesses at what signs people in, counted across replicas: by address, by account and network, and by account. The last one stops
 *  guesses from many addresses; a network from which the account was signed in to lately is not asked for it, so that whoever guesses
 *  does not keep its owner out. Nothing is ever locked for good. */
@Injectable()
export class AttemptLimits {
  constructor(
    private readonly shared: SharedLimits,
    private readonly dataSource: DataSource,
    @Inject(SubjectVault) private readonly vault: Pick<SubjectVault, 'blindIndex'>,
  ) {}

  /** Counts something that comes from this address, whoever it is about. Throws ProblemError 429, or 503 when it cannot be counted. */
  address(address: string): Promise<Attempt> {
    return this.#take([[ADDRESS, counterNameOf(address)]]);
  }

  /** Counts a guess at this account: its normalised e-mail address, whether there is such an account or not. Count the address first:
   *  one that may not try any more must not use up what the account has. Throws like `address`. */
  async account(step: GuessedStep, account: string, address: string): Promise<Attempt> {
    const { network, everybody } = steps[step];
    const own = [network, subjectOf(account, address)] as const;
    return this.#take((await this.#isKnown(account, address)) ? [own] : [own, [everybody, account]]);
  }

  /** The account was signed in to with everything that it takes: failures of this network are forgiven, and the network is known. What
   *  others used up stays used up. */
  async signedIn(account: string, address: string): Promise<void> {
    const subject = subjectOf(account, address);
    await Promise.all(Object.values(steps).map(({ network }) => this.shared.forgive(network, this.#blind(subject))));
    await this.dataSource.query(
      `WITH old AS (
         DELETE FROM identity.known_network WHERE mark IN (
           SELECT mark FROM identity.known_network
           WHERE seen_at < now() - make_interval(days => $2) AND mark <> $1 LIMIT 100 FOR UPDATE SKIP LOCKED))
       INSERT INTO identity.known_network (mark) VALUES ($1) ON CONFLICT (mark) DO UPDATE SET seen_at = now()`,
      [this.#markOf(subject), KNOWN_DAYS],
    );
  }

  async #take(asked: readonly (readonly [SharedLimit, string])[]): Promise<Attempt> {
    const blind = asked.map(([limit, subject]) => [limit, this.#blind(subject)] as const);
    for (const [limit, subject] of blind) await this.shared.take(limit, subject);
    return {
      succeeded: async () => {
        await Promise.all(blind.map(([limit, subject]) => this.shared.give(limit, subject)));
      },
    };
  }

  /** Under the deployment's key: whoever has the table and a list of addresses cannot find out whose they are. */
  #blind(subject: string): string {
    return this.vault.blindIndex(`attempts\0${subject}`).toString('base64');
  }

  #markOf(subject: string): Buffer {
    return this.vault.blindIndex(`known network\0${subject}`);
  }

  async #isKnown(account: string, address: string): Promise<boolean> {
    try {
      const rows = await this.dataSource.query<unknown[]>(
        'SELECT 1 FROM identity.known_network WHERE mark = $1 AND seen_at > now() - make_interval(days => $2)',
        [this.#markOf(subjectOf(account, address)), KNOWN_DAYS],
      );
      return rows.length > 0;
    } catch {
      throw unavailable('Whether this network is known cannot be found out at this moment');
    }
  }
}

const subjectOf = (account: string, address: string): string => `${account}\0${networkOf(address)}`;
