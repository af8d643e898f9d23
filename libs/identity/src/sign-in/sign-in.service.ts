import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { IncomingRequest, Origin, ProblemError } from '@lexecon/auth';
import { type AccessFact, AccessLog, accountSubject } from '../access/access-log.js';
import { networkOf } from '../address.js';
import { factorsOf } from '../factor/factor.queries.js';
import { type Factor, type GivenProof, ProofService } from '../factor/proof.service.js';
import type { Assertion } from '../passkey/passkey.js';
import { PasskeyService } from '../passkey/passkey.service.js';
import type { AssertionOptions } from '../passkey/webauthn.js';
import { type Account, normalEmail } from '../person/account.js';
import { accountOfEmail, accountOfId, replacePassword } from '../person/account.queries.js';
import { Passwords } from '../person/password.js';
import { loginMetrics, timed } from '../person/password.metrics.js';
import { tryTicket, useTicket } from '../person/ticket.queries.js';
import { notAccepted } from '../refusal.js';
import { SessionCarrier } from '../session/session.carrier.js';
import type { Credentials, Transport } from '../session/session.credentials.js';
import { AttemptLimits, type GuessedStep } from './attempt-limits.js';
import { type Challenge, ChallengeService } from './challenge.service.js';
import { type Enrolment, EnrolmentService } from './enrolment.service.js';
import { type OpenedSession, SessionService } from './session.service.js';
import { hashOfToken } from '../token.js';

const MOST_CODES = 5;
/** A refused login answers after a whole number of these milliseconds, so that time does not tell why it was refused. */
const BEAT_MS = 250;

export interface SignedIn extends OpenedSession {
  /** How many recovery codes remain, after one was used. */
  readonly recoveryCodesLeft?: number;
}

/** Signing in: a password, then a second factor, always both; or a passkey, which is both (the device, and what unlocks it). */
@Injectable()
export class SignInService {
  readonly #metrics = loginMetrics();

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly passwords: Passwords,
    private readonly enrolments: EnrolmentService,
    private readonly sessions: SessionService,
    private readonly challenges: ChallengeService,
    private readonly proofs: ProofService,
    private readonly passkeys: PasskeyService,
    private readonly carrier: SessionCarrier,
    private readonly attempts: AttemptLimits,
  ) {}

  /** Throws ProblemError 401 for a wrong password as for an unknown account, 429 after too many failures. */
  login(
    email: string,
    password: string,
    from: Origin,
    transport: Transport = 'bearer',
  ): Promise<Challenge | Enrolment> {
    const attributes = { 'lexecon.auth.mode': this.passwords.mode };
    return timed(this.#metrics.login, attributes, () => this.firstStep(email, password, from, transport));
  }

  private async firstStep(
    email: string,
    password: string,
    from: Origin,
    transport: Transport,
  ): Promise<Challenge | Enrolment> {
    const started = performance.now();
    const name = normalEmail(email);
    const { manager } = this.dataSource;
    const fromAddress = await this.attempts.address(from.address);
    const atAccount = await this.attempts.account('password', name, from.address);
    const account = await accountOfEmail(manager, name);
    const stored = account?.status === 'active' ? account.password : null;
    const matches = await this.passwords.matches(stored, password);
    const begun = account && matches ? await this.nextStep(account, password, transport) : null;
    if (!begun) {
      await this.recordFailure('password', account, from);
      await restOfBeat(started);
      throw refused();
    }
    await Promise.all([fromAddress.succeeded(), atAccount.succeeded()]);
    return begun;
  }

  /** Null when the password is another by now, or the account not active: who was reset or disabled while the password was being checked
   *  holds nothing that was handed out after. */
  private async nextStep(
    account: Account,
    password: string,
    transport: Transport,
  ): Promise<Challenge | Enrolment | null> {
    const { id, password: before } = account;
    if (before === null) return null;
    const kept = this.passwords.isOutdated(before) ? await this.passwords.hash(password) : before;
    return this.dataSource.transaction(async (tx) => {
      if (!(await replacePassword(tx, id, before, kept))) return null;
      return account.enrolled
        ? this.challenges.ask(tx, id, transport)
        : this.enrolments.begin(tx, account, { transport });
    });
  }

  /** Throws ProblemError 401, or 429 after too many failures. */
  async secondFactor(challenge: string, given: GivenProof, request: IncomingRequest): Promise<SignedIn> {
    const { manager } = this.dataSource;
    const fromAddress = await this.attempts.address(request.address);
    const hash = hashOfToken(challenge);
    const account = await tryTicket(manager, hash, 'second-factor', MOST_CODES);
    if (!account) throw refused();
    this.carrier.assertPossible(account.transport, request);
    const atAccount = await this.attempts.account(stepOf(given), account.email, request.address);
    const proven = await this.proofs.check(account, given, 'second-factor');
    const use = async (tx: EntityManager): Promise<boolean> =>
      (await proven?.use(tx)) === true && (await useTicket(tx, hash));
    const session = proven && (await this.signIn(account, account.transport, proven.factor, use, request));
    if (!session) {
      await this.recordFailure('second-factor', account, request);
      throw refused();
    }
    await Promise.all([fromAddress.succeeded(), atAccount.succeeded()]);
    await this.attempts.signedIn(account.email, request.address);
    return session;
  }

  /** What the browser needs to sign in with any passkey it has for this site. */
  passkeyOptions(): Promise<AssertionOptions> {
    return this.passkeys.beginAssertion('sign-in', null);
  }

  /** Signs in with a passkey alone. Throws ProblemError 401, or 429 after too many failures. */
  async passkey(assertion: Assertion, transport: Transport, request: IncomingRequest): Promise<SignedIn> {
    const { manager } = this.dataSource;
    this.carrier.assertPossible(transport, request);
    const fromAddress = await this.attempts.address(request.address);
    const proven = await this.passkeys.verifyAssertion('sign-in', null, assertion);
    const account = proven ? await accountOfId(manager, proven.passkey.accountId) : undefined;
    const active = account?.status === 'active';
    const session = proven && active ? await this.signIn(account, transport, 'passkey', proven.use, request) : null;
    if (!account || !session) {
      await this.recordFailure('passkey', account, request);
      throw refused();
    }
    await fromAddress.succeeded();
    await this.attempts.signedIn(account.email, request.address);
    return session;
  }

  /** Throws ProblemError 401 when the session had ended before. */
  async logout({ token, transport }: Credentials, from: Origin): Promise<void> {
    const principal = await this.sessions.principalOf(token, transport);
    if (!principal) throw refused();
    const record = await this.log.seal({ event: 'logout', by: principal, from });
    await this.dataSource.transaction(async (tx) => {
      if (!(await this.sessions.close(tx, token))) throw refused();
      await this.log.append(tx, record);
    });
  }

  /** Null when the proof or the challenge was used by somebody else meanwhile. */
  private async signIn(
    account: Account,
    transport: Transport,
    factor: Factor,
    use: (tx: EntityManager) => Promise<boolean>,
    request: IncomingRequest,
  ): Promise<SignedIn | null> {
    const fact = factOf('login', account, request, { proof: factor });
    const byCode = factor === 'recovery-code';
    const records = [await this.log.seal(fact)];
    if (byCode) records.push(await this.log.seal({ ...fact, event: 'recovery-code-used' }));
    const opened = this.dataSource.transaction(async (tx): Promise<SignedIn> => {
      if (!(await use(tx))) throw new UsedMeanwhile();
      // A browser holds one session: the new one takes the place of what it came with, whoever put that there.
      const held = this.carrier.heldBy(transport, request);
      if (held !== null) await this.sessions.close(tx, held);
      const opening = { transport, method: factor, network: networkOf(request.address) };
      const session = await this.sessions.open(tx, account.id, 'full', opening);
      const left = byCode ? (await factorsOf(tx, account.id)).recoveryCodesLeft : undefined;
      for (const record of records) await this.log.append(tx, record);
      return { ...session, ...(left !== undefined && { recoveryCodesLeft: left }) };
    });
    return opened.catch((error: unknown) => {
      if (error instanceof UsedMeanwhile) return null;
      throw error;
    });
  }

  private async recordFailure(step: string, account: Account | undefined, from: Origin): Promise<void> {
    const record = await this.log.seal(factOf('login-failed', account, from, { public: { step } }));
    await this.dataSource.transaction((tx) => this.log.append(tx, record));
  }
}

const stepOf = ({ recoveryCode }: GivenProof): GuessedStep =>
  recoveryCode === undefined ? 'second-factor' : 'recovery-code';

/** Rolls back: half of what was sent had been used, and the other half shall stay. */
class UsedMeanwhile extends Error {}

/** Without an account nothing personal is kept: neither the e-mail that was tried nor more of the address than its network. */
const factOf = (
  event: 'login' | 'login-failed',
  account: Account | undefined,
  from: Origin,
  more: Pick<AccessFact, 'proof' | 'public'>,
): AccessFact => ({
  event,
  from,
  ...more,
  ...(account && { about: { subject: accountSubject(account.id), fields: { account: account.id } } }),
});

async function restOfBeat(started: number): Promise<void> {
  const elapsed = performance.now() - started;
  await new Promise((resolve) => {
    setTimeout(resolve, BEAT_MS - (elapsed % BEAT_MS));
  });
}

const refused = (): ProblemError => notAccepted('What you sent to sign in is not valid, or not any more.');
