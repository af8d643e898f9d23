import { randomBytes } from 'node:crypto';
import { HOTP, Secret } from 'otpauth';
import type { DataSource } from 'typeorm';
import type { IncomingRequest, Principal } from '@lexecon/auth';
import type { TestDatabase } from '@lexecon/database/testing';
import { PostgresStore, SharedLimits } from '@lexecon/resilience';
import { SecretBox } from '@lexecon/vault';
import type { AccessLog } from '../access/access-log.js';
import { FactorService } from '../factor/factor.service.js';
import { ProofService } from '../factor/proof.service.js';
import { ResetService } from '../factor/reset.service.js';
import { TotpVault } from '../factor/totp.vault.js';
import { PasskeyService } from '../passkey/passkey.service.js';
import { account, blind } from '../identity.testing.js';
import type { Account } from '../person/account.js';
import { accountOfId } from '../person/account.queries.js';
import { Passwords } from '../person/password.js';
import { SessionCarrier } from '../session/session.carrier.js';
import { SessionOverview } from '../session/session.overview.js';
import { StepUpService } from '../session/step-up.service.js';
import { AttemptLimits } from './attempt-limits.js';
import { type Challenge, ChallengeService } from './challenge.service.js';
import { EnrolmentService } from './enrolment.service.js';
import { SessionService } from './session.service.js';
import { SignInService } from './sign-in.service.js';

/** A request with nothing in it but the address it comes from. */
export const comingFrom = (address: string, more: Partial<IncomingRequest> = {}): IncomingRequest => ({
  method: 'POST',
  headers: {},
  address,
  secure: false,
  ...more,
});

export const sessionSettings = {
  SESSION_IDLE_MINUTES: 30,
  SESSION_MAX_HOURS: 12,
  FRESH_PROOF_MINUTES: 10,
  PUBLIC_URL: 'https://lexecon.example',
};

/** Everything that signing in needs, put together as the module does. */
export function signInServices(source: DataSource, log: AccessLog, settings = sessionSettings) {
  const passwords = new Passwords({ PASSWORD_MEMORY_KIB: 7_168, PASSWORD_PASSES: 1, PASSWORD_LANES: 1 });
  const totp = new TotpVault(new SecretBox(randomBytes(32)));
  const sessions = new SessionService(source, settings);
  const carrier = new SessionCarrier(settings);
  const passkeys = new PasskeyService(source, settings);
  const proofs = new ProofService(source, totp, passkeys);
  const attempts = new AttemptLimits(new SharedLimits(new PostgresStore(source)), source, blind);
  const challenges = new ChallengeService(passkeys);
  const enrolments = new EnrolmentService(source, log, totp, sessions, passkeys, carrier);
  return {
    passwords,
    totp,
    sessions,
    carrier,
    passkeys,
    enrolments,
    challenges,
    proofs,
    attempts,
    signIn: new SignInService(
      source,
      log,
      passwords,
      enrolments,
      sessions,
      challenges,
      proofs,
      passkeys,
      carrier,
      attempts,
    ),
    factors: new FactorService(source, log, totp, passkeys, sessions),
    resets: new ResetService(source, log, passwords, enrolments, sessions, attempts),
    steps: new StepUpService(source, log, proofs, passkeys, sessions, attempts),
    overview: new SessionOverview(source, log, sessions),
    accountOf: async (id: string): Promise<Account> => {
      const found = await accountOfId(source.manager, id);
      if (!found) throw new Error('there is no such account');
      return found;
    },
  };
}

export type SignInServices = ReturnType<typeof signInServices>;

export const PASSWORD = 'correct horse battery staple';

export const stepNow = (): number => Math.floor(Date.now() / 30_000);
export const codeAt = (uri: string, step: number): string =>
  HOTP.generate({ secret: Secret.fromBase32(new URL(uri).searchParams.get('secret') ?? ''), counter: step });

/** The principal whose token it is. */
export async function principalOf(services: SignInServices, token: string): Promise<Principal> {
  const principal = await services.sessions.principalOf(token);
  if (!principal) throw new Error('the token counts for nobody');
  return principal;
}

/** A person with a password, before any second factor. */
export async function personWithPassword(database: TestDatabase, services: SignInServices): Promise<Account> {
  const id = await account(database, { status: 'active', roles: ['auditor'] });
  const stored = await services.passwords.hash(PASSWORD);
  await database.dataSource.query('UPDATE identity.account SET password = $2 WHERE id = $1', [id, stored]);
  return services.accountOf(id);
}

/** The same person with an authenticator app; the code of the step before now is used up. */
export async function personWithApp(database: TestDatabase, services: SignInServices) {
  const person = await personWithPassword(database, services);
  const begun = await database.dataSource.transaction((tx) => services.enrolments.begin(tx, person));
  const code = codeAt(begun.uri, stepNow() - 1);
  const enrolled = await services.enrolments.confirm(begun.enrolment, code, comingFrom('192.0.2.77'));
  return { ...person, uri: begun.uri, ...enrolled };
}

/** The challenge after the password, for somebody who has a second factor. */
export async function challengeFor(services: SignInServices, email: string, from = '192.0.2.77'): Promise<Challenge> {
  const answer = await services.signIn.login(email, PASSWORD, comingFrom(from));
  if (answer.next !== 'secondFactor') throw new Error('no second factor was asked for');
  return answer;
}
