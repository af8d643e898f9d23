import { jest } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { administrator, account, recordingLog, refusal } from '../identity.testing.js';
import {
  challengeFor,
  codeAt,
  comingFrom,
  PASSWORD,
  personWithApp,
  personWithPassword,
  principalOf,
  signInServices,
  type SignInServices,
  stepNow,
} from '../sign-in/sign-in.testing.js';
import { SecondFactorHealth } from './factor.health.js';

const here = comingFrom('192.0.2.77');

describe('second factors', () => {
  let database: TestDatabase;
  let services: SignInServices;
  const { log, entries } = recordingLog();

  beforeAll(async () => {
    database = await testDatabase();
    services = signInServices(database.dataSource, log);
    await account(database, { id: administrator.id, roles: ['admin'] });
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    entries.length = 0;
    await database.dataSource.query('DELETE FROM resilience.bucket');
  });

  const events = (): readonly unknown[] => entries.map((entry) => entry.public['event']);
  const person = () => personWithApp(database, services);
  const forgetAttempts = () => database.dataSource.query('DELETE FROM resilience.bucket');

  describe('recovery codes', () => {
    it('are ten, told once, kept as hashes only', async () => {
      const { id, recoveryCodes } = await person();
      expect(new Set(recoveryCodes).size).toBe(10);
      const rows = await database.dataSource.query<{ all: string }[]>(
        'SELECT r::text AS all FROM identity.recovery_code r WHERE account_id = $1',
        [id],
      );
      expect(rows).toHaveLength(10);
      for (const code of recoveryCodes) expect(JSON.stringify(rows)).not.toContain(code);
    });

    it('sign in in place of a code, say how many remain, and are on record', async () => {
      const { email, recoveryCodes } = await person();
      const { challenge } = await challengeFor(services, email);
      const session = await services.signIn.secondFactor(challenge, { recoveryCode: recoveryCodes[3] }, here);
      expect(session.recoveryCodesLeft).toBe(9);
      expect((await principalOf(services, session.token)).fresh).toBe(true);
      expect(events()).toEqual(['factor-enrolled', 'login', 'recovery-code-used']);
      expect(entries.at(-1)?.public['proof']).toBe('recovery-code');
    });

    it('count once: of 100 who redeem one at the same time, one comes in', async () => {
      const { email, recoveryCodes } = await person();
      const challenges: string[] = [];
      for (let i = 0; i < 100; i += 1) {
        await forgetAttempts();
        challenges.push((await challengeFor(services, email)).challenge);
      }
      await forgetAttempts();
      const [recoveryCode] = recoveryCodes;
      // From 100 networks, so that the limits do not answer first.
      const redeem = (challenge: string, i: number): Promise<number> =>
        refusal(services.signIn.secondFactor(challenge, { recoveryCode }, comingFrom(`10.${String(i)}.0.1`)));
      const outcomes = await Promise.all(challenges.map(redeem));
      expect(outcomes.filter((status) => status === 0)).toHaveLength(1);
      expect(outcomes.filter((status) => status === 401 || status === 429)).toHaveLength(99);
      expect(events().filter((event) => event === 'login')).toHaveLength(1);
      expect(events().filter((event) => event === 'recovery-code-used')).toHaveLength(1);
    }, 120_000);

    it('count once in the database, of 100 at the same time that no limit holds back', async () => {
      const { id, recoveryCodes } = await person();
      const found = await services.accountOf(id);
      const [recoveryCode] = recoveryCodes;
      const proofs = await Promise.all(
        Array.from({ length: 100 }, () => services.proofs.check(found, { recoveryCode }, 'second-factor')),
      );
      expect(proofs.every((proof) => proof !== null)).toBe(true);
      const used = await Promise.all(
        proofs.map((proof) => database.dataSource.transaction(async (tx) => (await proof?.use(tx)) === true)),
      );
      expect(used.filter(Boolean)).toHaveLength(1);
    });

    it('of one person are nothing to another', async () => {
      const [one, other] = [await person(), await person()];
      const { challenge } = await challengeFor(services, other.email);
      const stolen = { recoveryCode: one.recoveryCodes[0] };
      expect(await refusal(services.signIn.secondFactor(challenge, stolen, here))).toBe(401);
    });

    it('are replaced all at once, which ends the other sessions', async () => {
      const { email, token, recoveryCodes, uri } = await person();
      const other = await services.signIn.secondFactor(
        (await challengeFor(services, email)).challenge,
        { code: codeAt(uri, stepNow()) },
        here,
      );
      const by = await principalOf(services, token);
      const fresh = await services.factors.renewCodes(by);
      expect(fresh.filter((code) => recoveryCodes.includes(code))).toEqual([]);
      expect(await services.sessions.principalOf(other.token)).toBeNull();
      expect(await services.sessions.principalOf(token)).not.toBeNull();
      const { challenge } = await challengeFor(services, email);
      expect(await refusal(services.signIn.secondFactor(challenge, { recoveryCode: recoveryCodes[0] }, here))).toBe(
        401,
      );
      expect(await refusal(services.signIn.secondFactor(challenge, { recoveryCode: fresh[0] }, here))).toBe(0);
      expect(events()).toContain('recovery-codes-made');
    });
  });

  describe('an authenticator app', () => {
    it('is replaced with the first code of the new one: from then on only that counts', async () => {
      const { email, token, uri } = await person();
      const by = await principalOf(services, token);
      const { uri: next } = await services.factors.beginTotp(by);
      expect(await refusal(services.factors.confirmTotp(by, codeAt(uri, stepNow())))).toBe(401);
      await services.factors.confirmTotp(by, codeAt(next, stepNow()));
      const { challenge } = await challengeFor(services, email);
      const old = { code: codeAt(uri, stepNow() + 1) };
      expect(await refusal(services.signIn.secondFactor(challenge, old, here))).toBe(401);
      const replay = { code: codeAt(next, stepNow()) };
      expect(await refusal(services.signIn.secondFactor(challenge, replay, here))).toBe(401);
      const good = { code: codeAt(next, stepNow() + 1) };
      expect(await refusal(services.signIn.secondFactor(challenge, good, here))).toBe(0);
    });

    it('stays when it is the last second factor', async () => {
      const by = await principalOf(services, (await person()).token);
      expect(await refusal(services.factors.removeTotp(by))).toBe(409);
      expect((await services.factors.stateOf(by)).totp).toBe(true);
    });

    it('proves nothing before its first code was used: nobody signs in past an enrolment', async () => {
      const { email, ...known } = await personWithPassword(database, services);
      const begun = await database.dataSource.transaction((tx) => services.enrolments.begin(tx, { email, ...known }));
      const account = await services.accountOf(known.id);
      expect(await services.proofs.check(account, { code: codeAt(begun.uri, stepNow()) }, 'second-factor')).toBeNull();
    });

    it('is enrolled once, of 20 who finish two enrolments at the same time', async () => {
      const known = await personWithPassword(database, services);
      const begin = () => database.dataSource.transaction((tx) => services.enrolments.begin(tx, known));
      const begun = [await begin(), await begin()];
      const tries = Array.from({ length: 10 }, (_, i) =>
        begun.map(({ enrolment, uri }) =>
          refusal(services.enrolments.confirm(enrolment, codeAt(uri, stepNow() - 1 + (i % 3)), here)),
        ),
      ).flat();
      expect((await Promise.all(tries)).filter((status) => status === 0)).toHaveLength(1);
    });
  });

  describe('taken away by an administrator', () => {
    it('are gone with the sessions; the ticket and the password together begin a new enrolment', async () => {
      const { id, email, token, uri, recoveryCodes } = await person();
      const { ticket } = await services.resets.reset(administrator, id, 'phone lost');
      expect(await services.sessions.principalOf(token)).toBeNull();
      const { challenge, factors } = await challengeFor(services, email);
      expect(factors).toEqual([]);
      for (const given of [{ code: codeAt(uri, stepNow()) }, { recoveryCode: recoveryCodes[0] }])
        expect(await refusal(services.signIn.secondFactor(challenge, given, here))).toBe(401);
      expect(await refusal(services.resets.enrol(ticket, 'not the password at all', here, 'bearer'))).toBe(401);
      const begun = await services.resets.enrol(ticket, PASSWORD, here, 'bearer');
      const enrolled = await services.enrolments.confirm(begun.enrolment, codeAt(begun.uri, stepNow()), here);
      expect(enrolled.recoveryCodes).toHaveLength(10);
      expect(await refusal(services.resets.enrol(ticket, PASSWORD, here, 'bearer'))).toBe(401);
      expect(events()).toContain('factors-reset');
      expect(JSON.stringify(entries.map((entry) => entry.public))).not.toContain('phone lost');
    });

    it('are begun anew with the last ticket only, also while an earlier one is being checked', async () => {
      const { id } = await person();
      const { ticket } = await services.resets.reset(administrator, id, 'phone lost');
      const { passwords } = services;
      const check = passwords.matches.bind(passwords);
      const checking = jest.spyOn(passwords, 'matches').mockImplementationOnce(async (stored, given) => {
        const right = await check(stored, given);
        await services.resets.reset(administrator, id, 'the ticket went to somebody else');
        return right;
      });
      expect(await refusal(services.resets.enrol(ticket, PASSWORD, here, 'bearer'))).toBe(401);
      expect(checking).toHaveBeenCalled();
      checking.mockRestore();
    });

    it('are not those of the break-glass account: it is sealed anew', async () => {
      const { id } = await person();
      await database.dataSource.query('UPDATE identity.account SET break_glass = true WHERE id = $1', [id]);
      expect(await refusal(services.resets.reset(administrator, id, 'phone lost'))).toBe(409);
      expect(await services.factors.stateOf({ ...administrator, id })).toMatchObject({ totp: true });
    });

    it('leave no way in with the password alone', async () => {
      const { id, email } = await person();
      await services.resets.reset(administrator, id, 'phone lost');
      expect((await challengeFor(services, email)).next).toBe('secondFactor');
      const begun = database.dataSource.transaction((tx) => services.enrolments.begin(tx, { id, email }));
      expect(await refusal(begun)).toBe(401);
    });

    it('are never one’s own', async () => {
      expect(await refusal(services.resets.reset(administrator, administrator.id, 'mine'))).toBe(403);
      expect(await refusal(services.resets.reset(administrator, administrator.id.toUpperCase(), 'mine'))).toBe(403);
      expect(await refusal(services.resets.reset(administrator, 'nobody', 'x'))).toBe(404);
    });
  });

  it('are not changed in a session of somebody who is disabled or deleted at that moment', async () => {
    const { id, token } = await person();
    const by = await principalOf(services, token);
    await database.dataSource.query(`UPDATE identity.account SET status = 'deleted' WHERE id = $1`, [id]);
    expect(await refusal(services.factors.renewCodes(by))).toBe(409);
  });

  it('are well while all of it works, and not when the table of passkeys is gone', async () => {
    const health = new SecondFactorHealth(database.dataSource, services.totp);
    expect(await health.check()).toBe('up');
    await database.dataSource.query('ALTER TABLE identity.passkey RENAME TO passkey_away');
    await expect(health.check()).rejects.toThrow();
    await database.dataSource.query('ALTER TABLE identity.passkey_away RENAME TO passkey');
  });
});
