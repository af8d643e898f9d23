import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Principal, ProblemError } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { type GivenProof, ProofService } from '../factor/proof.service.js';
import { PasskeyService } from '../passkey/passkey.service.js';
import type { AssertionOptions } from '../passkey/webauthn.js';
import { accountOfId } from '../person/account.queries.js';
import { notAccepted } from '../refusal.js';
import { AttemptLimits } from '../sign-in/attempt-limits.js';
import { type OpenedSession, SessionService } from '../sign-in/session.service.js';

/** Proving a second factor again, for what needs a fresh one. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly proofs: ProofService,
    private readonly passkeys: PasskeyService,
    private readonly sessions: SessionService,
    private readonly attempts: AttemptLimits,
  ) {}

  /** What the browser needs to use a passkey of this person. */
  options({ id }: Principal): Promise<AssertionOptions> {
    return this.passkeys.beginAssertion('step-up', id);
  }

  /** The session goes on under another token, with a fresh proof; the old token stops to count with it. A recovery code is no proof
   *  here: it is for signing in. Throws ProblemError 401, or 429 after too many failures. */
  async prove(by: Principal, token: string, { code, assertion }: GivenProof): Promise<OpenedSession> {
    const { manager } = this.dataSource;
    const account = await accountOfId(manager, by.id);
    if (account?.status !== 'active') throw refused();
    const attempt = await this.attempts.account('second-factor', account.email, by.from?.address ?? '');
    const proven = await this.proofs.check(account, { code, assertion }, 'step-up');
    if (!proven) {
      const failed = await this.log.seal({ event: 'step-up-failed', by, about: aboutOf(by) });
      await this.dataSource.transaction((tx) => this.log.append(tx, failed));
      throw refused();
    }
    const record = await this.log.seal({ event: 'step-up', by, about: aboutOf(by), proof: proven.factor });
    const session = await this.dataSource.transaction(async (tx) => {
      if (!(await proven.use(tx))) throw refused();
      const rotated = await this.sessions.rotate(tx, token);
      if (!rotated) throw refused();
      await this.log.append(tx, record);
      return rotated;
    });
    await attempt.succeeded();
    return session;
  }
}

const aboutOf = ({ id }: Principal) => ({ subject: accountSubject(id), fields: { account: id } });

const refused = (): ProblemError => notAccepted('The code or the passkey is not valid, or was used before.');
