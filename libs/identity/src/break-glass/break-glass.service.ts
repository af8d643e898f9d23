import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import type { Principal } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { TotpVault } from '../factor/totp.vault.js';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { storeTotpSecret, useTotpStep } from '../person/account.queries.js';
import { endOf, type GrantTerms } from '../person/grant.js';
import { insertGrant } from '../person/grant.queries.js';
import { Passwords } from '../person/password.js';
import { deleteAccount } from '../person/standing.queries.js';
import { conflict } from '../refusal.js';
import { SessionService } from '../sign-in/session.service.js';
import { freshTotpSecret } from '../sign-in/totp.js';
import { base32Of, freshName, freshPassword, type SealedCredentials } from './break-glass.credentials.js';
import { insertBreakGlass, isBreakGlass, lockBreakGlass } from './break-glass.queries.js';
import { ownUse } from './use.service.js';

export type Sealing = Pick<GrantTerms, 'justification' | 'ticket'> & {
  /** RFC 3339. */
  readonly endsAt: string;
};

/** The one account for the day when no administrator can come in: outside the count of administrators, its credentials on paper in
 *  a safe. */
@Injectable()
export class BreakGlassService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AccessLog,
    private readonly passwords: Passwords,
    private readonly totp: TotpVault,
    private readonly sessions: SessionService,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'GRANT_MAX_DAYS'>,
  ) {}

  /** Makes the account anew; the credentials and sessions of the one before are worth nothing from then on.
   *  Throws ProblemError 403 to whoever came in with it, 409 for an end that cannot be. */
  async seal(by: Principal, { justification, ticket, ...given }: Sealing): Promise<SealedCredentials> {
    const endsAt = endOf(given.endsAt, Date.now(), this.settings.GRANT_MAX_DAYS);
    if (await isBreakGlass(this.dataSource.manager, by.id)) throw ownUse();
    const [id, email, password, secret] = [uuid7(), freshName(), freshPassword(), freshTotpSecret()];
    const stored = await this.passwords.hash(password);
    const totpSecret = this.totp.seal(id, secret);
    const record = await this.log.seal({
      event: 'break-glass-sealed',
      by,
      why: justification,
      about: { subject: accountSubject(id), fields: { account: id, ticket } },
      public: { endsAt: endsAt.toISOString() },
    });
    await this.dataSource.transaction(async (tx) => {
      const before = await lockBreakGlass(tx);
      if (before !== undefined) {
        await deleteAccount(tx, before);
        await this.sessions.closeAll(tx, before);
      }
      if (!(await insertBreakGlass(tx, { id, email, password: stored, by: by.id })))
        throw conflict('Somebody else sealed a break-glass account at the same time.');
      const terms = { role: 'admin', justification, ticket, endsAt, source: 'person', grantedBy: by.id } as const;
      await insertGrant(tx, { accountId: id, ...terms });
      await storeTotpSecret(tx, id, totpSecret);
      await useTotpStep(tx, { id, totpSecret }, 1);
      await this.log.append(tx, record);
    });
    return { id, email, password, endsAt, totpSecret: base32Of(secret) };
  }
}
