import { HOTP, Secret } from 'otpauth';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { PostgresStore, SharedLimits } from '@lexecon/resilience';
import type { EnrolmentService } from '../sign-in/enrolment.service.js';
import { administrator, blind, recordingLog, refusal, terms } from '../identity.testing.js';
import { type FirstAdministrator, SetupService } from './setup.service.js';
import { PersonService } from './person.service.js';
import { SessionService } from '../sign-in/session.service.js';
import { AttemptLimits } from '../sign-in/attempt-limits.js';
import type { SignInService } from '../sign-in/sign-in.service.js';
import { comingFrom, sessionSettings, signInServices } from '../sign-in/sign-in.testing.js';

const PASSWORD = 'correct horse battery staple';
const HERE = '192.0.2.77';
const here = comingFrom(HERE);
const setupToken = 'setup-token-of-at-least-32-characters';

const step = (): number => Math.floor(Date.now() / 30_000);
const codeAt = (uri: string, counter: number): string =>
  HOTP.generate({ secret: Secret.fromBase32(new URL(uri).searchParams.get('secret') ?? ''), counter });

describe('people', () => {
  let database: TestDatabase;
  let setups: SetupService;
  let people: PersonService;
  let enrolments: EnrolmentService;
  let sessions: SessionService;
  let signIn: SignInService;
  const { log, entries } = recordingLog();
  const settings = { ...sessionSettings, GRANT_MAX_DAYS: 365 };

  beforeAll(async () => {
    database = await testDatabase();
    const source = database.dataSource;
    const services = signInServices(source, log);
    ({ sessions, enrolments, signIn } = services);
    people = new PersonService(source, log, services.passwords, enrolments, settings, services.attempts);
    setups = new SetupService(source, log, services.passwords, enrolments, sessions, settings, services.attempts);
    await source.query(
      `INSERT INTO identity.account (id, email, roles, justification, status, password)
       VALUES ($1, 'root@example.com', '{admin}', 'test', 'active', 'none')`,
      [administrator.id],
    );
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    entries.length = 0;
    await database.dataSource.query('DELETE FROM resilience.bucket');
  });

  const events = (): readonly unknown[] => entries.map((entry) => entry.public['event']);

  /** A person who has enrolled; the code of the step before now was used for it. */
  async function enrolled(email: string, roles: readonly string[] = ['auditor']): Promise<string> {
    const { invitation } = await people.invite(administrator, { email, roles, ...terms });
    const { enrolment, uri } = await people.activate(invitation, PASSWORD, here);
    await enrolments.confirm(enrolment, codeAt(uri, step() - 1), here);
    return uri;
  }

  async function challengeFor(email: string): Promise<string> {
    const answer = await signIn.login(email, PASSWORD, here);
    if (answer.next !== 'secondFactor') throw new Error('no second factor was asked for');
    return answer.challenge;
  }

  describe('the first administrator', () => {
    const first: FirstAdministrator = { token: setupToken, email: 'first@example.com', password: PASSWORD };

    it('is made with the setup token once, of 100 who try at the same time', async () => {
      expect(await setups.offer('an older token that nobody used, 32+ chars')).toBe(true);
      expect(await setups.offer(setupToken)).toBe(true);
      const tries = Array.from({ length: 100 }, (_, i) =>
        setups.setUp({ ...first, email: `first${String(i)}@example.com` }, here),
      );
      const settled = await Promise.allSettled(tries);
      const made = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(made).toHaveLength(1);
      expect(await sessions.principalOf(made[0]?.token ?? '')).toMatchObject({ roles: ['admin'] });
      const [admins] = await database.dataSource.query<{ n: number }[]>(
        `SELECT count(*)::int AS n FROM identity.account WHERE email LIKE 'first%'`,
      );
      expect(admins?.n).toBe(1);
      expect(events().filter((event) => event === 'setup')).toHaveLength(1);
    }, 30_000);

    it('is not made with another token, nor again', async () => {
      expect(await refusal(setups.setUp({ ...first, token: 'something else entirely' }, here))).toBe(401);
      expect(await setups.offer('a token offered after setup was done')).toBe(false);
      expect(await refusal(setups.setUp({ ...first, token: 'a token offered after setup was done' }, here))).toBe(401);
    });

    it('has a setup session that may only invite people, for 15 minutes', async () => {
      const [row] = await database.dataSource.query<{ id: string }[]>(
        `SELECT id FROM identity.account WHERE email LIKE 'first%'`,
      );
      const { token, expiresAt } = await sessions.open(database.dataSource.manager, row?.id ?? '', 'setup');
      expect([...((await sessions.principalOf(token))?.permissions ?? [])]).toEqual(['user:invite']);
      expect(Math.round((expiresAt.getTime() - Date.now()) / 60_000)).toBe(15);
    });
  });

  describe('an invitation', () => {
    it('is for an e-mail address that has no account, in whatever case', async () => {
      const given = { email: 'Grace@Example.com', roles: ['reviewer'], ...terms };
      expect(await people.invite(administrator, given)).toMatchObject({
        email: 'grace@example.com',
        status: 'invited',
      });
      expect(await refusal(people.invite(administrator, { ...given, email: 'gRACE@example.COM' }))).toBe(409);
    });

    it('is redeemed once, of 20 who try at the same time', async () => {
      const { invitation } = await people.invite(administrator, {
        email: 'once@example.com',
        roles: ['auditor'],
        ...terms,
      });
      const tries = await Promise.all(
        Array.from({ length: 20 }, () => refusal(people.activate(invitation, PASSWORD, here))),
      );
      expect(tries.toSorted((a, b) => a - b)).toEqual([0, ...Array.from({ length: 19 }, () => 401)]);
    });

    it('ends after its seven days', async () => {
      const given = { email: 'late@example.com', roles: ['auditor'], ...terms };
      const { invitation, invitationExpiresAt } = await people.invite(administrator, given);
      expect(Math.round((invitationExpiresAt.getTime() - Date.now()) / 86_400_000)).toBe(7);
      await database.dataSource.query(`UPDATE identity.ticket SET expires_at = now() WHERE purpose = 'invitation'`);
      expect(await refusal(people.activate(invitation, PASSWORD, here))).toBe(401);
    });

    it('cannot be tried from an address that has failed a hundred times', async () => {
      const { invitation } = await people.invite(administrator, {
        email: 'knocking@example.com',
        roles: ['auditor'],
        ...terms,
      });
      for (let i = 0; i < 100; i += 1)
        expect(await refusal(people.activate('lxt_wrong', PASSWORD, { address: '203.0.113.50' }))).toBe(401);
      expect(await refusal(people.activate(invitation, PASSWORD, { address: '203.0.113.50' }))).toBe(429);
      expect(await refusal(people.activate(invitation, PASSWORD, { address: '203.0.113.51' }))).toBe(0);
    });

    it('is kept as a hash only', async () => {
      const { invitation } = await people.invite(administrator, {
        email: 'hash@example.com',
        roles: ['auditor'],
        ...terms,
      });
      const rows = await database.dataSource.query<{ all: string }[]>('SELECT t::text AS all FROM identity.ticket t');
      expect(
        rows.some((row) => row.all.includes(invitation) || row.all.includes(Buffer.from(invitation).toString('hex'))),
      ).toBe(false);
    });
  });

  describe('a second factor', () => {
    it('is sealed for its account: no other row can use it', async () => {
      await enrolled('sealed@example.com');
      const uri = await enrolled('thief@example.com');
      await database.dataSource.query(
        `UPDATE identity.account SET totp_secret = (SELECT totp_secret FROM identity.account WHERE email = 'sealed@example.com')
         WHERE email = 'thief@example.com'`,
      );
      const challenge = await challengeFor('thief@example.com');
      await expect(signIn.secondFactor(challenge, { code: codeAt(uri, step()) }, here)).rejects.toThrow();
    });

    it('is asked for again at login while it was never confirmed, and then is another one', async () => {
      const { invitation } = await people.invite(administrator, {
        email: 'slow@example.com',
        roles: ['auditor'],
        ...terms,
      });
      const begun = await people.activate(invitation, PASSWORD, here);
      const again = await signIn.login('slow@example.com', PASSWORD, here);
      if (again.next !== 'enrolment') throw new Error('enrolment was not asked for');
      expect(again.uri).not.toBe(begun.uri);
      expect(await refusal(enrolments.confirm(begun.enrolment, codeAt(begun.uri, step()), here))).toBe(401);
      expect((await enrolments.confirm(again.enrolment, codeAt(again.uri, step()), here)).token).toMatch(/^lxs_/);
    });

    it('cannot be enrolled over a confirmed one', async () => {
      const { invitation } = await people.invite(administrator, {
        email: 'fixed@example.com',
        roles: ['auditor'],
        ...terms,
      });
      const { enrolment, uri } = await people.activate(invitation, PASSWORD, here);
      await enrolments.confirm(enrolment, codeAt(uri, step() - 1), here);
      expect(await refusal(enrolments.confirm(enrolment, codeAt(uri, step()), here))).toBe(401);
      const [row] = await database.dataSource.query<{ id: string }[]>(
        `SELECT id FROM identity.account WHERE email = 'fixed@example.com'`,
      );
      const account = { id: row?.id ?? '', email: 'fixed@example.com' };
      expect(await refusal(enrolments.begin(database.dataSource.manager, account))).toBe(401);
    });
  });

  describe('signing in', () => {
    it('takes password and code, and opens a session with the roles of the account', async () => {
      const uri = await enrolled('ada@example.com', ['policy-author', 'auditor']);
      const session = await signIn.secondFactor(
        await challengeFor(' ADA@example.com '),
        { code: codeAt(uri, step()) },
        here,
      );
      const principal = await sessions.principalOf(session.token);
      expect(principal).toMatchObject({ kind: 'person', roles: ['policy-author', 'auditor'] });
      expect(principal?.permissions.has('policy:write')).toBe(true);
      expect(principal?.name).toBe(principal?.id);
      expect(Math.round((session.expiresAt.getTime() - Date.now()) / 3_600_000)).toBe(12);
    });

    it('lets one code in once, of 100 challenges that send it at the same time', async () => {
      const uri = await enrolled('replay@example.com');
      const challenges = await Promise.all(Array.from({ length: 100 }, (_, i) => challengeAs('replay@example.com', i)));
      await database.dataSource.query('DELETE FROM resilience.bucket');
      const code = codeAt(uri, step());
      const outcomes = await Promise.all(
        challenges.map((challenge) => refusal(signIn.secondFactor(challenge, { code }, here))),
      );
      expect(outcomes.filter((status) => status === 0)).toHaveLength(1);
      expect(outcomes.filter((status) => status === 401 || status === 429)).toHaveLength(99);
      expect(events().filter((event) => event === 'login')).toHaveLength(1);
    }, 60_000);

    /** Many at once from different addresses; the account's own count is put back first. */
    async function challengeAs(email: string, i: number): Promise<string> {
      await database.dataSource.query('DELETE FROM resilience.bucket');
      try {
        const answer = await signIn.login(email, PASSWORD, comingFrom(`198.51.${String(i)}.1`));
        if (answer.next === 'secondFactor') return answer.challenge;
      } catch {
        return challengeAs(email, i);
      }
      throw new Error('no second factor was asked for');
    }

    it('refuses a challenge after five wrong codes, even with the right one', async () => {
      const uri = await enrolled('codes@example.com');
      const challenge = await challengeFor('codes@example.com');
      for (let i = 0; i < 5; i += 1)
        expect(await refusal(signIn.secondFactor(challenge, { code: 'abcdef' }, here))).toBe(401);
      expect(await refusal(signIn.secondFactor(challenge, { code: codeAt(uri, step()) }, here))).toBe(401);
      expect(events().filter((event) => event === 'login-failed')).toHaveLength(5);
    });

    it('counts wrong codes against the account, also over fresh challenges', async () => {
      const uri = await enrolled('spray@example.com');
      const statuses: number[] = [];
      for (let i = 0; i < 3; i += 1) {
        const challenge = await challengeFor('spray@example.com').catch(() => '');
        for (let k = 0; k < 4; k += 1)
          statuses.push(
            await refusal(signIn.secondFactor(challenge, { code: '000000' }, comingFrom(`203.0.113.${String(i)}`))),
          );
      }
      expect(statuses.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 401));
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
      const challenge = await challengeFor('spray@example.com');
      expect(
        await refusal(signIn.secondFactor(challenge, { code: codeAt(uri, step()) }, comingFrom('203.0.113.99'))),
      ).toBe(429);
    });

    it('answers a wrong password as it answers an unknown account', async () => {
      await enrolled('known@example.com');
      const problemOf = (email: string) =>
        signIn.login(email, 'wrong password of mine', here).catch((error: unknown) => error);
      expect(await problemOf('known@example.com')).toEqual(await problemOf('unknown@example.com'));
    });

    it('lets a network guess ten times at an account, then once in 90 seconds, for known and unknown accounts alike', async () => {
      await enrolled('guessed@example.com');
      for (const email of ['guessed@example.com', 'nobody@example.com']) {
        await database.dataSource.query('DELETE FROM resilience.bucket');
        const tries = await Promise.all(
          Array.from({ length: 30 }, (_, i) =>
            refusal(signIn.login(email, 'wrong password of mine', comingFrom(`203.0.113.${String(100 + i)}`))),
          ),
        );
        expect(tries.filter((status) => status === 401)).toHaveLength(10);
        expect(tries.filter((status) => status === 429)).toHaveLength(20);
        const refused = await signIn.login(email, PASSWORD, comingFrom('203.0.113.1')).catch((error: unknown) => error);
        expect(refused).toMatchObject({ problem: { status: 429 } });
        expect((refused as { problem: { retryAfter: number } }).problem.retryAfter).toBeLessThanOrEqual(90);
      }
      await database.dataSource.query(`UPDATE resilience.bucket SET full_at = full_at - interval '91 seconds'`);
      expect(await refusal(signIn.login('nobody@example.com', PASSWORD, comingFrom('203.0.113.1')))).toBe(401);
      expect(await refusal(signIn.login('nobody@example.com', PASSWORD, comingFrom('203.0.113.1')))).toBe(429);
    });

    it('refuses an address after 100 failures, whatever accounts they were for', async () => {
      const attempts = new AttemptLimits(
        new SharedLimits(new PostgresStore(database.dataSource)),
        database.dataSource,
        blind,
      );
      for (let i = 0; i < 99; i += 1) await attempts.address('203.0.113.5');
      expect(
        await refusal(signIn.login('someone@example.com', 'wrong password of mine', comingFrom('203.0.113.5'))),
      ).toBe(401);
      expect(
        await refusal(signIn.login('another@example.com', 'wrong password of mine', comingFrom('::ffff:203.0.113.5'))),
      ).toBe(429);
      expect(
        await refusal(signIn.login('another@example.com', 'wrong password of mine', comingFrom('203.0.113.6'))),
      ).toBe(401);
    });

    it('forgives earlier failures once somebody is signed in', async () => {
      const uri = await enrolled('forgiven@example.com');
      for (let i = 0; i < 9; i += 1)
        await refusal(signIn.login('forgiven@example.com', 'wrong password of mine', here));
      await signIn.secondFactor(await challengeFor('forgiven@example.com'), { code: codeAt(uri, step()) }, here);
      for (let i = 0; i < 9; i += 1)
        expect(await refusal(signIn.login('forgiven@example.com', 'wrong password of mine', here))).toBe(401);
    }, 15_000);
  });

  describe('a session', () => {
    const opened = async (email: string): Promise<{ readonly token: string }> => {
      const uri = await enrolled(email);
      return signIn.secondFactor(await challengeFor(email), { code: codeAt(uri, step()) }, here);
    };
    /** Another replica: it remembers nothing. */
    const elsewhere = (): SessionService => new SessionService(database.dataSource, settings);

    it('ends at logout, once', async () => {
      const { token } = await opened('out@example.com');
      await signIn.logout({ token, transport: 'bearer' }, here);
      expect(await sessions.principalOf(token)).toBeNull();
      expect(await elsewhere().principalOf(token)).toBeNull();
      expect(await refusal(signIn.logout({ token, transport: 'bearer' }, here))).toBe(401);
      expect(events()).toContain('logout');
    });

    it.each([
      ['unused for half an hour', `UPDATE identity.session SET seen_at = now() - interval '31 minutes'`],
      ['past its absolute end', `UPDATE identity.session SET expires_at = now()`],
      ['of a disabled account', `UPDATE identity.account SET status = 'disabled' WHERE email LIKE 'ends-%'`],
    ])('that is %s lets nobody in', async (_, sql) => {
      const { token } = await opened(`ends-${String(sql.length)}@example.com`);
      expect(await elsewhere().principalOf(token)).not.toBeNull();
      await database.dataSource.query(sql);
      expect(await elsewhere().principalOf(token)).toBeNull();
    });

    it('is not known by anything but its token', async () => {
      expect(await sessions.principalOf('lxs_unknown')).toBeNull();
      const { token } = await opened('token@example.com');
      const rows = await database.dataSource.query<{ all: string }[]>('SELECT s::text AS all FROM identity.session s');
      expect(rows.some((row) => row.all.includes(token))).toBe(false);
    });
  });

  it('keeps e-mail, account and address out of everything public in the ledger', async () => {
    const uri = await enrolled('secret.name@example.com');
    await refusal(signIn.login('secret.name@example.com', 'wrong password of mine', here));
    await refusal(signIn.login('secret.stranger@example.com', 'wrong password of mine', here));
    const { token } = await signIn.secondFactor(
      await challengeFor('secret.name@example.com'),
      { code: codeAt(uri, step()) },
      here,
    );
    const principal = await sessions.principalOf(token);
    const open = JSON.stringify(entries.map((entry) => entry.public));
    for (const personal of ['secret', 'example.com', HERE, principal?.id ?? '-', administrator.id])
      expect(open).not.toContain(personal);
    expect(open).toContain('192.0.2.0/24');
    expect(JSON.stringify(entries.map((entry) => entry.sealed.map(({ fields }) => fields)))).not.toContain('stranger');
    expect(events()).toEqual([
      'person-invited',
      'person-activated',
      'factor-enrolled',
      'login-failed',
      'login-failed',
      'login',
    ]);
  });
});
