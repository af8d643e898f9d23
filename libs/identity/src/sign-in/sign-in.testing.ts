import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { IncomingRequest } from '@lexecon/auth';
import { PostgresStore, SharedLimits } from '@lexecon/resilience';
import { SecretBox } from '@lexecon/vault';
import type { AccessLog } from '../access/access-log.js';
import { FactorService } from '../factor/factor.service.js';
import { ProofService } from '../factor/proof.service.js';
import { ResetService } from '../factor/reset.service.js';
import { TotpVault } from '../factor/totp.vault.js';
import { PasskeyService } from '../passkey/passkey.service.js';
import { Passwords } from '../person/password.js';
import { SessionCarrier } from '../session/session.carrier.js';
import { SessionOverview } from '../session/session.overview.js';
import { StepUpService } from '../session/step-up.service.js';
import { AttemptLimits } from './attempt-limits.js';
import { ChallengeService } from './challenge.service.js';
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
  const attempts = new AttemptLimits(new SharedLimits(new PostgresStore(source)), source);
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
  };
}
