import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Origin, ProblemError } from '@lexecon/auth';
import { AccessLog, accountSubject } from '../access/access-log.js';
import { voidTickets } from '../person/standing.queries.js';
import { SessionService } from '../sign-in/session.service.js';
import { hashOfToken } from '../token.js';
import { type LogoutOrder, OLDEST_S, verifyLogoutToken } from './logout-token.js';
import type { OidcProvider } from './provider.config.js';
import { OidcProviders, outageIn, TOLERANCE_S } from './provider.directory.js';
import { accountsOfLogout, useLogoutToken } from './sso.queries.js';

/** A provider says that somebody logged out there (OpenID Connect Back-Channel Logout 1.0): every session of theirs here ends, those that
 *  began otherwise too. */
@Injectable()
export class ProviderLogoutService {
  readonly #logger = new Logger(ProviderLogoutService.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly providers: OidcProviders,
    private readonly sessions: SessionService,
    private readonly log: AccessLog,
  ) {}

  /** Throws ProblemError 400 for a token that does not count or was used before, 404 for an unknown provider, 503 when the
   *  provider's keys cannot be had. A token about somebody who was never here changes nothing and is fine. */
  async logOut(name: string, token: string, from: Origin): Promise<void> {
    const provider = this.providers.named(name);
    const order = await this.#verified(provider, token);
    const { issuer, subject, sid, jti } = order;
    const accounts = await accountsOfLogout(this.dataSource.manager, issuer, subject, sid);
    const records = await Promise.all(
      accounts.map((id) =>
        this.log.seal({
          event: 'provider-logout',
          from,
          about: { subject: accountSubject(id), fields: { account: id } },
          public: { provider: name },
        }),
      ),
    );
    await this.dataSource.transaction(async (tx) => {
      if (!(await useLogoutToken(tx, issuer, hashOfToken(jti), 2 * OLDEST_S))) throw refused();
      for (const id of accounts) {
        await voidTickets(tx, id);
        await this.sessions.closeAll(tx, id);
      }
      for (const record of records) await this.log.append(tx, record);
    });
  }

  async #verified(provider: OidcProvider, token: string): Promise<LogoutOrder> {
    const { issuer } = (await this.providers.configurationOf(provider)).serverMetadata();
    const keys = await this.providers.keysOf(provider);
    try {
      return await verifyLogoutToken(token, provider, issuer, keys, TOLERANCE_S);
    } catch (error) {
      const outage = outageIn(error);
      if (!outage) this.#logger.warn(`a logout token for ${provider.name} was refused`);
      throw outage ?? refused();
    }
  }
}

const refused = (): ProblemError =>
  new ProblemError({
    status: 400,
    type: 'logout-token',
    title: 'The logout token is not accepted',
    errors: [
      { pointer: '/logout_token', detail: 'is not a logout token of this provider for us, is too old, or was used' },
    ],
  });
