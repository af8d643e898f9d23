import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { administrator, account, recordingLog, refusal } from '../identity.testing.js';
import {
  challengeFor,
  codeAt,
  comingFrom,
  personWithApp,
  principalOf,
  sessionSettings,
  signInServices,
  type SignInServices,
  stepNow,
} from '../sign-in/sign-in.testing.js';
import { csrfTokenOf } from './session.cookie.js';
import { SessionTask } from './session.task.js';

const here = comingFrom('192.0.2.77');
const page = comingFrom('192.0.2.77', { secure: true, headers: { origin: 'https://lexecon.example' } });

describe('sessions', () => {
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

  it('get another token with a step-up, and the old one counts nowhere any more', async () => {
    const { token, uri, id } = await person();
    const elsewhere = signInServices(database.dataSource, log);
    await database.dataSource.query(
      `UPDATE identity.session SET proven_at = now() - interval '11 minutes' WHERE account_id = $1`,
      [id],
    );
    const stale = await principalOf(services, token);
    expect(stale.fresh).toBe(false);
    const { token: next } = await services.steps.prove(stale, token, { code: codeAt(uri, stepNow()) });
    expect(next).not.toBe(token);
    for (const replica of [services, elsewhere]) expect(await replica.sessions.principalOf(token)).toBeNull();
    const fresh = await principalOf(elsewhere, next);
    expect([fresh.fresh, fresh.session]).toEqual([true, stale.session]);
    expect(events()).toContain('step-up');
  });

  it('do not step up with a code that was used, a wrong one, or a recovery code', async () => {
    const { token, uri, recoveryCodes } = await person();
    const by = await principalOf(services, token);
    const used = codeAt(uri, stepNow() - 1);
    for (const given of [{ code: used }, { code: 'abcdef' }, { recoveryCode: recoveryCodes[0] }])
      expect(await refusal(services.steps.prove(by, token, given))).toBe(401);
    expect(await services.sessions.principalOf(token)).not.toBeNull();
    expect(events().filter((event) => event === 'step-up-failed')).toHaveLength(3);
  });

  it('step up once with one code, of 20 who try at the same time', async () => {
    const { token, uri } = await person();
    const by = await principalOf(services, token);
    const code = codeAt(uri, stepNow());
    const tries = await Promise.all(
      Array.from({ length: 20 }, () => refusal(services.steps.prove(by, token, { code }))),
    );
    expect(tries.filter((status) => status === 0)).toHaveLength(1);
  });

  it('are listed with what they are, and nothing that opens them', async () => {
    const { token } = await person();
    const by = await principalOf(services, token);
    const listed = await services.overview.own(by);
    expect(listed).toEqual([
      expect.objectContaining({
        id: by.session,
        current: true,
        method: 'totp',
        network: '192.0.2.0/24',
        session: 'bearer',
      }),
    ]);
    expect(JSON.stringify(listed)).not.toContain(token);
    expect(JSON.stringify(listed)).not.toContain('192.0.2.77');
  });

  it('are ended one by one, all others at once, and by an administrator', async () => {
    const one = await person();
    const open = () => services.sessions.open(database.dataSource.manager, one.id, 'full');
    const [second, third] = [await open(), await open()];
    const by = await principalOf(services, one.token);
    const [other] = (await services.overview.own(by)).filter(({ current }) => !current);
    await services.overview.end(by, other?.id ?? '');
    expect(await refusal(services.overview.end(by, other?.id ?? ''))).toBe(404);
    expect(await services.overview.endOthers(by)).toBe(1);
    for (const { token } of [second, third]) expect(await services.sessions.principalOf(token)).toBeNull();
    expect(await services.sessions.principalOf(one.token)).not.toBeNull();
    expect(await services.overview.endAllOf(administrator, one.id, 'laptop stolen')).toBe(1);
    expect(await services.sessions.principalOf(one.token)).toBeNull();
    expect(events().filter((event) => event === 'sessions-ended')).toHaveLength(3);
  });

  it('of somebody else cannot be seen or ended as one’s own', async () => {
    const [one, other] = [await person(), await person()];
    const by = await principalOf(services, one.token);
    const theirs = await principalOf(services, other.token);
    expect(await refusal(services.overview.end(by, theirs.session ?? ''))).toBe(404);
    expect((await services.overview.own(by)).map(({ id }) => id)).not.toContain(theirs.session);
    expect(await refusal(services.overview.of('nobody'))).toBe(404);
  });

  it('are carried one way only: a cookie’s token is no bearer, and the other way round', async () => {
    const { email, uri, token } = await person();
    const answer = await services.signIn.login(email, 'correct horse battery staple', page, 'cookie');
    const challenge = answer.next === 'secondFactor' ? answer.challenge : '';
    const session = await services.signIn.secondFactor(challenge, { code: codeAt(uri, stepNow()) }, page);
    expect(session.session).toBe('cookie');
    expect(await services.sessions.principalOf(session.token, 'cookie')).not.toBeNull();
    expect(await services.sessions.principalOf(session.token, 'bearer')).toBeNull();
    expect(await services.sessions.principalOf(token, 'cookie')).toBeNull();
  });

  it('are not fixed beforehand: whatever cookie the browser had, sign-in gives a new token and ends the old one', async () => {
    const { id, email, uri } = await person();
    const opening = { transport: 'cookie' } as const;
    const planted = await services.sessions.open(database.dataSource.manager, id, 'full', opening);
    const withCookie = {
      ...page,
      headers: { ...page.headers, cookie: `__Host-lexecon-session=${planted.token}` },
    };
    const answer = await services.signIn.login(email, 'correct horse battery staple', withCookie, 'cookie');
    const challenge = answer.next === 'secondFactor' ? answer.challenge : '';
    const session = await services.signIn.secondFactor(challenge, { code: codeAt(uri, stepNow()) }, withCookie);
    expect(session.token).not.toBe(planted.token);
    expect(csrfTokenOf(session.token)).not.toBe(csrfTokenOf(planted.token));
    expect(await services.sessions.principalOf(planted.token, 'cookie')).toBeNull();
  });

  it('are not promised as a cookie at login and then handed to a page elsewhere', async () => {
    const { email, uri } = await person();
    const answer = await services.signIn.login(email, 'correct horse battery staple', page, 'cookie');
    const challenge = answer.next === 'secondFactor' ? answer.challenge : '';
    const code = codeAt(uri, stepNow());
    expect(await refusal(services.signIn.secondFactor(challenge, { code }, here))).toBe(422);
    const elsewhere = { ...page, headers: { origin: 'https://evil.test' } };
    expect(await refusal(services.signIn.secondFactor(challenge, { code }, elsewhere))).toBe(403);
  });

  it('that ended long ago are removed, the others stay; one replica at a time', async () => {
    const { token, id } = await person();
    const gone = await services.sessions.open(database.dataSource.manager, id, 'full');
    await services.sessions.close(database.dataSource.manager, gone.token);
    await challengeFor(services, (await services.accountOf(id)).email);
    await database.dataSource.query(
      `UPDATE identity.session SET revoked_at = now() - interval '2 days' WHERE revoked_at IS NOT NULL`,
    );
    await database.dataSource.query(
      `UPDATE identity.ticket SET expires_at = now() - interval '2 days' WHERE purpose = 'second-factor'`,
    );
    const task = new SessionTask(database.dataSource);
    expect(await task.run()).toBe(true);
    const [left] = await database.dataSource.query<{ sessions: number; tickets: number }[]>(
      `SELECT (SELECT count(*)::int FROM identity.session WHERE revoked_at IS NOT NULL) AS sessions,
         (SELECT count(*)::int FROM identity.ticket WHERE purpose = 'second-factor') AS tickets`,
    );
    expect(left).toEqual({ sessions: 0, tickets: 0 });
    expect(await services.sessions.principalOf(token)).not.toBeNull();
  });

  it('of somebody deleted are ended by nobody, who would write about them anew', async () => {
    const { id } = await person();
    await database.dataSource.query(`UPDATE identity.account SET status = 'deleted' WHERE id = $1`, [id]);
    entries.length = 0;
    expect(await refusal(services.overview.endAllOf(administrator, id, 'left in anger'))).toBe(404);
    expect(entries).toEqual([]);
  });

  it('last as long as the settings say, wherever they were opened', async () => {
    const strict = signInServices(database.dataSource, log, { ...sessionSettings, SESSION_MAX_HOURS: 1 });
    const { id } = await person();
    const { expiresAt } = await strict.sessions.open(database.dataSource.manager, id, 'full');
    expect(Math.round((expiresAt.getTime() - Date.now()) / 60_000)).toBe(60);
  });
});
