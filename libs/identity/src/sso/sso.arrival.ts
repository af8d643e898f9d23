import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import { type Origin, ProblemError } from '@lexecon/auth';
import { type AccessFact, AccessLog, accountSubject } from '../access/access-log.js';
import type { AccessEvent, AccessRecord } from '../access/access.kind.js';
import { networkOf } from '../address.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { type Account, normalEmail } from '../person/account.js';
import { accountOfEmail, accountOfId, insertAccount } from '../person/account.queries.js';
import {
  changesNothing,
  factsOfPlan,
  followPlan,
  planRoles,
  type RolePlan,
  rolesOfGroups,
} from '../person/group-grant.js';
import { conflict } from '../refusal.js';
import { type Challenge, ChallengeService } from '../sign-in/challenge.service.js';
import { type Enrolment, EnrolmentService } from '../sign-in/enrolment.service.js';
import { type OpenedSession, SessionService } from '../sign-in/session.service.js';
import { endSession } from '../session/session.queries.js';
import type { Claims } from './id-token.js';
import type { OidcProvider } from './provider.config.js';
import {
  accountOfIdentity,
  activateLinked,
  type Attempt,
  claimAccount,
  insertIdentity,
  isSessionOpen,
  noteProviderSession,
} from './sso.queries.js';

/** How long ago somebody may have proven themselves to the provider for it to count as fresh. */
const JUST_NOW_MS = 60_000;

export type Arrived = OpenedSession | Challenge | Enrolment;
type Start = Pick<Attempt, 'session' | 'accountId'> & {
  readonly from: Origin;
  /** Id of the session in which somebody links an identity to their account. */
  readonly linkedIn: string | null;
  /** Hash of the token that the browser held when it began. */
  readonly held: Buffer | null;
};

/** How the person the provider vouches for comes to an account here. */
type Way =
  | { readonly by: 'identity' | 'email' | 'session'; readonly account: Account }
  | { readonly by: 'creation'; readonly account: Pick<Account, 'id' | 'email'> };

/** What happens when somebody comes back from their provider: which account they have, and what is next. */
@Injectable()
export class SsoArrival {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly challenges: ChallengeService,
    private readonly enrolments: EnrolmentService,
    private readonly sessions: SessionService,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'SESSION_MAX_HOURS' | 'GRANT_MAX_DAYS'>,
  ) {}

  /** A session when the provider has seen a second factor, as configured; else the same next step as after a password.
   *  Throws ProblemError 403 when the person has no account here and gets none. */
  async welcome(provider: OidcProvider, claims: Claims, start: Start): Promise<Arrived> {
    const way = await this.#wayOf(provider, claims, start.accountId);
    const plan = await planRoles(this.dataSource.manager, {
      accountId: way.account.id,
      source: 'sso',
      wanted: rolesOfGroups(provider.roles, claims.groups, (group) => `group ${group} of ${provider.name}`),
      days: this.settings.GRANT_MAX_DAYS,
    });
    const facts = factsOf(provider, claims, way, plan, start.from);
    const records = await Promise.all(facts.map((fact) => this.log.seal(fact)));
    return this.dataSource.transaction((tx) => this.#enter(tx, claims, way, plan, records, start));
  }

  async #enter(
    tx: EntityManager,
    claims: Claims,
    way: Way,
    plan: RolePlan,
    records: readonly AccessRecord[],
    start: Start,
  ): Promise<Arrived> {
    if (start.accountId !== null && !(await isSessionOpen(tx, start.linkedIn))) throw noAccount();
    await this.#settle(tx, claims, way);
    await followPlan(tx, plan);
    const account = await accountOfId(tx, way.account.id);
    if (account?.status !== 'active') throw noAccount();
    if (claims.sid !== null)
      await noteProviderSession(tx, claims.issuer, claims.sid, account.id, this.settings.SESSION_MAX_HOURS);
    const next = await this.#next(tx, claims, account, start);
    for (const record of records) await this.log.append(tx, record);
    return next;
  }

  /** Decided by the database: whoever was first has the identity and the account. */
  async #settle(tx: EntityManager, claims: Claims, { by, account }: Way): Promise<void> {
    if (by === 'identity') return activateLinked(tx, account.id);
    if (by === 'email' && !(await claimAccount(tx, account.id))) throw changedMeanwhile();
    if (by === 'creation') {
      const terms = { justification: 'came with single sign-on', grantedBy: null };
      const made = await insertAccount(tx, { ...account, ...terms, status: 'active', password: null });
      if (!made) throw changedMeanwhile();
    }
    if (!(await insertIdentity(tx, claims, account.id))) throw changedMeanwhile();
  }

  async #next(tx: EntityManager, { secondFactor, provedAt }: Claims, account: Account, start: Start): Promise<Arrived> {
    const { session: transport, from, held } = start;
    if (secondFactor) {
      // A browser holds one session: the new one takes the place of what it began with.
      if (held !== null) await endSession(tx, held);
      const opening = {
        transport,
        method: 'sso',
        network: networkOf(from.address),
        proven: isJustNow(provedAt),
      } as const;
      return this.sessions.open(tx, account.id, 'full', opening);
    }
    return account.enrolled
      ? this.challenges.ask(tx, account.id, transport)
      : this.enrolments.begin(tx, account, { transport });
  }

  async #wayOf(provider: OidcProvider, claims: Claims, linkTo: string | null): Promise<Way> {
    const { manager } = this.dataSource;
    const known = await accountOfIdentity(manager, claims);
    if (known) {
      if (linkTo !== null && linkTo !== known.id) throw conflict('The identity belongs to another account.');
      return { by: 'identity', account: known };
    }
    if (linkTo !== null) {
      const account = await accountOfId(manager, linkTo);
      if (account) return { by: 'session', account };
    }
    const email = believedEmail(provider, claims);
    if (email === null || linkTo !== null) throw noAccount();
    const account = await accountOfEmail(manager, email);
    if (account) return { by: 'email', account };
    if (!provider.createPeople) throw noAccount();
    return { by: 'creation', account: { id: uuid7(), email } };
  }
}

/** A proof that the provider remembers from earlier lets in, and is not fresh. */
const isJustNow = (provedAt: Date | null): boolean =>
  provedAt !== null && Math.abs(Date.now() - provedAt.getTime()) < JUST_NOW_MS;

/** An address counts only when the provider has verified it and is believed for its domain. */
function believedEmail({ emailDomains }: OidcProvider, { verifiedEmail }: Claims): string | null {
  const email = verifiedEmail === null ? '' : normalEmail(verifiedEmail);
  const [, domain] = /^[^\p{Cc}\p{Cs}\s@]+@([^@\s]+)$/u.exec(email) ?? [];
  return domain !== undefined && emailDomains.includes(domain) ? email : null;
}

function factsOf(
  { name: provider }: OidcProvider,
  { issuer, subject, secondFactor }: Claims,
  { by, account }: Way,
  plan: RolePlan,
  from: Origin,
): readonly AccessFact[] {
  const person = accountSubject(account.id);
  const fact = (event: AccessEvent, open: AccessFact['public'], fields: AccessFact['public'] = {}): AccessFact => ({
    event,
    from,
    proof: 'oidc',
    public: { provider, ...open },
    about: { subject: person, fields: { account: account.id, ...fields } },
  });
  return [
    ...(by === 'creation' ? [fact('person-provisioned', {}, { email: account.email })] : []),
    ...(by === 'identity' ? [] : [fact('identity-linked', { by }, { issuer, subject })]),
    ...(changesNothing(plan) ? [] : [fact('roles-from-groups', factsOfPlan(plan))]),
    fact(secondFactor ? 'login' : 'provider-login', {}),
  ];
}

/** One answer for everybody who does not get in: it does not tell whether there is an account. */
const noAccount = (): ProblemError =>
  new ProblemError({
    status: 403,
    type: 'no-account',
    title: 'There is no account here for this person',
    detail:
      'The identity provider knows who you are, but no account here is yours. If you have one with a password, sign in to it and link the provider; else ask an administrator.',
  });

const changedMeanwhile = (): ProblemError => noAccount();
