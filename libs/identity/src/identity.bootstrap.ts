import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuid7 } from 'uuid';
import { AccessLog, accountSubject } from './access/access-log.js';
import { normalEmail, type Person } from './person/account.js';
import { accountOfEmail, insertAccount, storeTotpSecret, useTotpStep } from './person/account.queries.js';
import { longestEnd } from './person/grant.js';
import { insertGrant } from './person/grant.queries.js';
import type { Actor } from './actor/actor.js';
import { actorNamed } from './actor/actor.queries.js';
import { ActorService, type NewActor } from './actor/actor.service.js';
import { keysOfActor } from './actor/key.queries.js';
import { KeyService } from './actor/key.service.js';
import { parseApiKey } from './actor/api-key.format.js';
import { TotpVault } from './factor/totp.vault.js';
import { type IdentitySettings, SETTINGS } from './identity.config.js';
import { Passwords } from './person/password.js';
import { SetupService } from './person/setup.service.js';
import { totpSecretOfBase32 } from './sign-in/totp.js';

const LONGEST_DAYS = 90;
const MONTH_MS = 30 * 24 * 3_600_000;

export interface GivenPerson extends Pick<Person, 'email' | 'roles' | 'justification'> {
  readonly password: string;
  /** Base32, as an authenticator app takes it. */
  readonly totpSecret: string;
}

/** What a start makes before anybody can sign in. Everything may be called at every start. */
@Injectable()
export class IdentityBootstrap {
  constructor(
    private readonly dataSource: DataSource,
    private readonly setups: SetupService,
    private readonly actors: ActorService,
    private readonly keys: KeyService,
    private readonly passwords: Passwords,
    private readonly totp: TotpVault,
    private readonly log: AccessLog,
    @Inject(SETTINGS) private readonly settings: Pick<IdentitySettings, 'GRANT_MAX_DAYS'>,
  ) {}

  /** Offers the setup token for the first administrator. False when there was one already: the token does nothing. */
  offerSetup(token: string): Promise<boolean> {
    return this.setups.offer(token);
  }

  /** Registers the actor unless its name is taken; what is registered stays as it is. With `key`, a whole API key, that key lets
   *  the actor in for the next 90 days. Throws when the key is malformed or belongs to somebody else. */
  async ensureActor(given: NewActor, key?: string): Promise<Actor> {
    const { manager } = this.dataSource;
    const known = await actorNamed(manager, given.type, given.name);
    const actor = known ?? (await this.actors.register(undefined, given));
    if (key !== undefined) await this.ensureKey(actor, key);
    return actor;
  }

  /** Makes an active person with this password and second factor, unless the e-mail address has an account: that one stays as it is. */
  async ensurePerson({ email, password, totpSecret, roles, justification }: GivenPerson): Promise<void> {
    if (await accountOfEmail(this.dataSource.manager, normalEmail(email))) return;
    const account = { id: uuid7(), email: normalEmail(email), justification, status: 'active' } as const;
    const stored = await this.passwords.hash(password);
    const sealed = this.totp.seal(account.id, totpSecretOfBase32(totpSecret));
    const record = await this.log.seal({
      event: 'person-activated',
      about: {
        subject: accountSubject(account.id),
        fields: { account: account.id, email: account.email },
      },
      why: justification,
      public: { roles: [...roles] },
    });
    await this.dataSource.transaction(async (tx) => {
      if (!(await insertAccount(tx, { ...account, password: stored, grantedBy: null }))) return;
      const endsAt = longestEnd(Date.now(), this.settings.GRANT_MAX_DAYS);
      const terms = { justification, ticket: 'bootstrap', source: 'bootstrap', grantedBy: null, endsAt } as const;
      for (const role of roles) await insertGrant(tx, { ...terms, accountId: account.id, role });
      await storeTotpSecret(tx, account.id, sealed);
      await useTotpStep(tx, { id: account.id, totpSecret: sealed }, 1);
      await this.log.append(tx, record);
    });
  }

  /** A key that was revoked stays revoked; one that ends within a month gets another term. A new one takes the place of the older of two. */
  private async ensureKey(actor: Actor, key: string): Promise<void> {
    const parts = parseApiKey(key);
    if (!parts) throw new Error('The given API key is malformed: its form or its checksum is wrong.');
    const keys = await keysOfActor(this.dataSource.manager, actor.id);
    const held = keys.find(({ id }) => id === parts.id);
    if (!held) {
      const counting = keys.filter(
        ({ revokedAt, expiresAt }) => revokedAt === null && expiresAt.getTime() > Date.now(),
      );
      for (const { id } of counting.slice(1)) await this.keys.revoke(undefined, actor.id, id);
      await this.keys.issue(undefined, actor.id, { parts, days: LONGEST_DAYS });
    } else if (held.revokedAt === null && held.expiresAt.getTime() < Date.now() + MONTH_MS) {
      await this.keys.renew(undefined, actor.id, { parts, days: LONGEST_DAYS });
    }
  }
}
