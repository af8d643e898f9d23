import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { HOTP, Secret } from 'otpauth';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { SecretBox } from '@lexecon/vault';
import { TotpVault } from '../factor/totp.vault.js';
import { account, administrator, recordingLog, refusal, terms } from '../identity.testing.js';
import { accountOfEmail, peopleBefore } from '../person/account.queries.js';
import { GrantService } from '../person/grant.service.js';
import { Passwords } from '../person/password.js';
import { accountsToErase, idleAccounts, requireAdministrator } from '../person/standing.queries.js';
import { SessionService } from '../sign-in/session.service.js';
import type { SealedCredentials } from './break-glass.credentials.js';
import { BreakGlassService } from './break-glass.service.js';
import { UseService } from './use.service.js';

const settings = { SESSION_IDLE_MINUTES: 30, SESSION_MAX_HOURS: 12, FRESH_PROOF_MINUTES: 10, GRANT_MAX_DAYS: 365 };

describe('the break-glass account', () => {
  let database: TestDatabase;
  let breakGlass: BreakGlassService;
  let uses: UseService;
  let sessions: SessionService;
  let totp: TotpVault;
  let passwords: Passwords;
  const { log, entries } = recordingLog();

  beforeEach(async () => {
    entries.length = 0;
    database = await testDatabase();
    const source = database.dataSource;
    passwords = new Passwords({ PASSWORD_MEMORY_KIB: 7_168, PASSWORD_PASSES: 1, PASSWORD_LANES: 1 });
    sessions = new SessionService(source, settings);
    totp = new TotpVault(new SecretBox(randomBytes(32)));
    breakGlass = new BreakGlassService(source, log, passwords, totp, sessions, settings);
    uses = new UseService(source, log);
    await account(database, { id: administrator.id, roles: ['admin'] });
  });
  afterEach(() => database.drop());

  const seal = (): Promise<SealedCredentials> => breakGlass.seal(administrator, terms);
  const signIn = (id: string): Promise<{ readonly token: string }> =>
    sessions.open(database.dataSource.manager, id, 'full');

  it('is made once with credentials that open it, and is an administrator', async () => {
    const sealed = await seal();
    const found = await accountOfEmail(database.dataSource.manager, sealed.email);
    if (!found) throw new Error('there is no account of that name');
    expect(found).toMatchObject({ id: sealed.id, status: 'active', enrolled: true });
    expect(await passwords.matches(found.password, sealed.password)).toBe(true);
    const step = Math.floor(Date.now() / 30_000);
    const code = HOTP.generate({ secret: Secret.fromBase32(sealed.totpSecret), counter: step });
    expect(totp.stepOf(found, code)).toBe(step);
    expect((await sessions.principalOf((await signIn(sealed.id)).token))?.permissions.has('user:write')).toBe(true);
    expect(entries.map(({ public: open }) => open)).toEqual([{ event: 'break-glass-sealed', endsAt: terms.endsAt }]);
    expect(JSON.stringify(entries)).not.toContain(sealed.password);
  });

  it('stands outside the count of administrators, and is no idle account', async () => {
    const second = await account(database, { status: 'active' });
    const grants = new GrantService(database.dataSource, log, settings);
    const sealed = await seal();
    await grants.give(administrator, second, { role: 'admin', ...terms });
    await seal();
    await database.dataSource.query(
      `UPDATE identity.account SET last_active_at = now() - interval '1 year' WHERE break_glass`,
    );
    expect(await idleAccounts(database.dataSource.manager, 90)).not.toContain(sealed.id);
  });

  it('is listed among people without the name that it is signed in to with', async () => {
    const { id, email } = await seal();
    const people = await peopleBefore(database.dataSource.manager, null, 100);
    expect(people.map((person) => person.id)).toContain(id);
    expect(JSON.stringify(people)).not.toContain(email);
  });

  it('lets the last administrator go', async () => {
    await database.dataSource.query(`UPDATE identity.account SET status = 'disabled' WHERE id = $1`, [
      administrator.id,
    ]);
    expect(await refusal(requireAdministrator(database.dataSource.manager))).toBe(409);
    await database.dataSource.query(`UPDATE identity.account SET status = 'active' WHERE id = $1`, [administrator.id]);
    await seal();
    await database.dataSource.query(`UPDATE identity.account SET status = 'disabled' WHERE id = $1`, [
      administrator.id,
    ]);
    expect(await refusal(requireAdministrator(database.dataSource.manager))).toBe(0);
  });

  it('is one: sealing it again ends the one before, credentials and sessions', async () => {
    const first = await seal();
    const { token } = await signIn(first.id);
    const second = await seal();
    expect(await sessions.principalOf(token)).toBeNull();
    expect(await accountOfEmail(database.dataSource.manager, first.email)).toBeUndefined();
    expect(await accountsToErase(database.dataSource.manager)).toEqual([]);
    expect([second.email === first.email, second.password === first.password]).toEqual([false, false]);
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => refusal(seal())));
    expect(outcomes.every((status) => status === 0 || status === 409)).toBe(true);
    const [row] = await database.dataSource.query<{ n: number }[]>(
      `SELECT count(*)::int AS n FROM identity.account WHERE break_glass AND status <> 'deleted'`,
    );
    expect(row?.n).toBe(1);
  }, 20_000);

  it('raises one alarm for each use, whatever way the session was opened, and puts it on record', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    try {
      const { id } = await seal();
      await signIn(id);
      await signIn(administrator.id);
      await Promise.all([uses.announce(), uses.announce(), uses.announce()]);
      expect(logged.mock.calls.map(([line]) => String(line))).toEqual([expect.stringMatching(/^break-glass-used: /)]);
      expect(entries.map((entry) => entry.public['event'])).toEqual(['break-glass-sealed', 'break-glass-used']);
      await signIn(id);
      await uses.announce();
      expect(logged.mock.calls).toHaveLength(2);
      expect(await uses.list()).toHaveLength(2);
    } finally {
      logged.mockRestore();
    }
  });

  it('has every use reviewed by somebody who neither used it nor came in with it, once', async () => {
    const { id } = await seal();
    await signIn(id);
    const [use] = await uses.list();
    const culprit = await account(database, { status: 'active' });
    const review = { reason: 'both were on a plane', verdict: 'justified', usedBy: culprit } as const;
    const of = (who: string, given: typeof review = review): Promise<unknown> =>
      uses.review({ ...administrator, id: who, name: who }, use?.id ?? '', given);
    expect(await refusal(of(id))).toBe(403);
    expect(await refusal(of(culprit))).toBe(403);
    expect(await refusal(of(culprit, { ...review, usedBy: culprit.toUpperCase() }))).toBe(403);
    expect(await refusal(of(administrator.id, { ...review, usedBy: id }))).toBe(422);
    expect(await refusal(uses.review(administrator, culprit, review))).toBe(404);
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => refusal(of(administrator.id))));
    expect(outcomes.toSorted((a, b) => a - b)).toEqual([0, 409, 409, 409, 409]);
    expect((await uses.list())[0]).toMatchObject({ ...review, reviewedBy: administrator.id });
  });

  it('marks what it gives, and seals itself for nobody', async () => {
    const { id } = await seal();
    const glass = { ...administrator, id, name: id };
    const grants = new GrantService(database.dataSource, log, settings);
    const grant = await grants.give(glass, await account(database), { role: 'operator', ...terms });
    expect(grant.byBreakGlass).toBe(true);
    expect(await refusal(breakGlass.seal(glass, terms))).toBe(403);
  });
});
