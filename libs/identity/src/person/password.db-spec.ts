import { jest } from '@jest/globals';
import { type Attributes, createNoopMeter, metrics } from '@opentelemetry/api';
import { ProblemError } from '@lexecon/auth';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { account, administrator, recordingLog, refusal } from '../identity.testing.js';
import { comingFrom, signInServices } from '../sign-in/sign-in.testing.js';
import { PasswordService } from './password.service.js';

const OLD = 'correct horse battery staple';
const NEW = 'seven unlikely herons disagree';
const from = comingFrom('192.0.2.77');

describe('the password of a person', () => {
  let database: TestDatabase;
  let service: PasswordService;
  let services: ReturnType<typeof signInServices>;
  const recorded: { readonly name: string; readonly attributes: Attributes }[] = [];
  const { log, entries } = recordingLog();

  beforeAll(async () => {
    const meter = Object.assign(createNoopMeter(), {
      createHistogram: (name: string) => ({
        record: (_: number, attributes: Attributes = {}) => void recorded.push({ name, attributes }),
      }),
    });
    metrics.setGlobalMeterProvider({ getMeter: () => meter });
    database = await testDatabase();
    services = signInServices(database.dataSource, log);
    const { passwords, sessions, attempts } = services;
    service = new PasswordService(database.dataSource, log, passwords, sessions, attempts);
    await account(database, { id: administrator.id, roles: ['admin'] });
  });
  afterAll(async () => {
    metrics.disable();
    await database.drop();
  });
  beforeEach(() => {
    entries.length = 0;
    recorded.length = 0;
  });

  const events = (): readonly unknown[] => entries.map((entry) => entry.public['event']);

  async function person(email: string): Promise<string> {
    const id = await account(database, { email, status: 'active' });
    await database.dataSource.query('UPDATE identity.account SET password = $2, totp_enrolled = true WHERE id = $1', [
      id,
      await services.passwords.hash(OLD),
    ]);
    return id;
  }
  const opened = async (id: string) => {
    const { token } = await services.sessions.open(database.dataSource.manager, id, 'full');
    const principal = await services.sessions.principalOf(token);
    if (!principal) throw new Error('the session does not count');
    return { token, principal };
  };
  const login = (email: string, password: string): Promise<number> =>
    refusal(services.signIn.login(email, password, from));

  it('is changed with the current one; every other session ends, this one goes on, and it is on record', async () => {
    const id = await person('ada@example.com');
    const [mine, other] = [await opened(id), await opened(id)];
    await service.change(mine.principal, OLD, NEW, from);
    expect(await services.sessions.principalOf(mine.token)).not.toBeNull();
    expect(await services.sessions.principalOf(other.token)).toBeNull();
    expect([await login('ada@example.com', OLD), await login('ada@example.com', NEW)]).toEqual([401, 0]);
    expect(events()).toEqual(['password-changed', 'login-failed']);
    expect(JSON.stringify(entries)).not.toContain(NEW);
  });

  it('is not changed without the current one, and guesses at it are counted like guesses at the door', async () => {
    const { principal, token } = await opened(await person('guess@example.com'));
    const tries = [];
    for (let i = 0; i < 12; i += 1)
      tries.push(await refusal(service.change(principal, 'not the current one', NEW, from)));
    expect(tries.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(tries.slice(10)).toEqual([429, 429]);
    expect(await services.sessions.principalOf(token)).not.toBeNull();
    expect(await login('guess@example.com', OLD)).toBe(429);
  });

  it.each([
    ['the one it was', OLD, 'is the one you have'],
    ['a common one', 'passwordpassword1', 'common passwords'],
    ['parts of the e-mail address', 'Rosalind-Rosalind', 'your e-mail address'],
  ])('is not changed to %s, and the refusal says why', async (title, password, why) => {
    const { principal } = await opened(await person(`rosalind.${String(title.length)}@example.com`));
    const refused = await service.change(principal, OLD, password, from).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProblemError);
    expect(refused).toMatchObject({
      problem: { status: 422, errors: [{ pointer: '/password', detail: expect.stringContaining(why) as unknown }] },
    });
  });

  it('is void once an administrator resets it, sessions too; the reset sets a new one, once, and leaves the factor', async () => {
    const id = await person('lost@example.com');
    const { token } = await opened(id);
    const reset = await service.reset(administrator, id, 'forgot it');
    expect(reset.next).toBe('reset');
    expect(await services.sessions.principalOf(token)).toBeNull();
    expect(await login('lost@example.com', OLD)).toBe(401);
    expect(await refusal(service.redeem(reset.token, 'passwordpassword1', from))).toBe(422);
    const redeemed = await Promise.all(
      Array.from({ length: 10 }, () => refusal(service.redeem(reset.token, NEW, from))),
    );
    expect(redeemed.toSorted((a, b) => a - b)).toEqual([0, ...Array.from({ length: 9 }, () => 401)]);
    const answer = await services.signIn.login('lost@example.com', NEW, from);
    expect(answer.next).toBe('secondFactor');
    expect(events()).toEqual(['password-reset-issued', 'login-failed', 'password-reset']);
  });

  it('is reset by nobody for themselves, for nobody who is not there, disabled or sealed', async () => {
    const id = await person('other@example.com');
    expect(await refusal(service.reset(administrator, administrator.id, 'x'))).toBe(403);
    expect(await refusal(service.reset(administrator, '0199f0c4-0000-7000-8000-0000000000ff', 'x'))).toBe(404);
    await database.dataSource.query(`UPDATE identity.account SET status = 'disabled' WHERE id = $1`, [id]);
    expect(await refusal(service.reset(administrator, id, 'x'))).toBe(409);
    await database.dataSource.query(`UPDATE identity.account SET status = 'active', break_glass = true WHERE id = $1`, [
      id,
    ]);
    expect(await refusal(service.reset(administrator, id, 'x'))).toBe(409);
  });

  it('opens nothing for whoever had it checked at the moment it was reset', async () => {
    const id = await person('moment@example.com');
    const { passwords } = services;
    const check = passwords.matches.bind(passwords);
    const checking = jest.spyOn(passwords, 'matches').mockImplementationOnce(async (stored, given) => {
      const right = await check(stored, given);
      await service.reset(administrator, id, 'somebody else knows it');
      return right;
    });
    expect(await login('moment@example.com', OLD)).toBe(401);
    expect(checking).toHaveBeenCalled();
    checking.mockRestore();
    const open = await database.dataSource.query<{ purpose: string }[]>(
      'SELECT purpose FROM identity.ticket WHERE account_id = $1 AND used_at IS NULL',
      [id],
    );
    expect(open).toEqual([{ purpose: 'password-reset' }]);
  });

  it('is not said to be reset when somebody changed it at that moment', async () => {
    const id = await person('changing@example.com');
    const { principal } = await opened(id);
    const { passwords } = services;
    const hash = passwords.hash.bind(passwords);
    const hashing = jest.spyOn(passwords, 'hash').mockImplementationOnce(async (nobodys) => {
      hashing.mockRestore();
      await service.change(principal, OLD, NEW, from);
      return hash(nobodys);
    });
    expect(await refusal(service.reset(administrator, id, 'somebody else knows it'))).toBe(409);
    await service.reset(administrator, id, 'somebody else knows it');
    expect(await login('changing@example.com', NEW)).toBe(401);
  });

  it('is not reset where there is none: single sign-on lets that person in', async () => {
    const id = await account(database, { status: 'active' });
    await database.dataSource.query('UPDATE identity.account SET password = NULL WHERE id = $1', [id]);
    expect(await refusal(service.reset(administrator, id, 'asked for one'))).toBe(409);
  });

  it('can be chosen anew by whoever lost it and every second factor: the ticket for those goes on to count', async () => {
    const id = await person('both@example.com');
    const { token } = await service.reset(administrator, id, 'lost both');
    const { ticket } = await services.resets.reset(administrator, id, 'lost both');
    await service.redeem(token, NEW, from);
    expect((await services.resets.enrol(ticket, NEW, from, 'bearer')).next).toBe('enrolment');
  });

  it('of somebody invited is not there yet: a reset is another invitation, and the one before is void', async () => {
    const id = await account(database);
    const [first, second] = [
      await service.reset(administrator, id, 'lost it'),
      await service.reset(administrator, id, 'again'),
    ];
    expect([first.next, second.next]).toEqual(['activate', 'activate']);
    expect(await refusal(service.redeem(second.token, NEW, from))).toBe(401);
    const open = await database.dataSource.query<unknown[]>(
      `SELECT 1 FROM identity.ticket WHERE account_id = $1 AND purpose = 'invitation' AND used_at IS NULL`,
      [id],
    );
    expect(open).toHaveLength(1);
  });

  it('is measured where it is checked and where people sign in, under the mode of hashing', async () => {
    await person('measured@example.com');
    await login('measured@example.com', OLD);
    await login('measured@example.com', 'something that is wrong');
    const named = (name: string): readonly Attributes[] =>
      recorded.filter((one) => one.name === name).map(({ attributes }) => attributes);
    const mode = { 'lexecon.auth.mode': 'async' };
    expect(named('lexecon.auth.login.duration')).toEqual([
      { ...mode, 'lexecon.auth.result': 'ok' },
      { ...mode, 'lexecon.auth.result': 'refused' },
    ]);
    expect(named('lexecon.auth.password.verify.duration')).toHaveLength(2);
  });

  it('is hashed anew at login when the cost has changed since', async () => {
    const id = await person('outdated@example.com');
    const outdated = jest.spyOn(services.passwords, 'isOutdated').mockReturnValue(true);
    const stored = async (): Promise<unknown> => {
      const [row] = await database.dataSource.query<{ password: string }[]>(
        'SELECT password FROM identity.account WHERE id = $1',
        [id],
      );
      return row?.password;
    };
    const before = await stored();
    expect(await login('outdated@example.com', OLD)).toBe(0);
    outdated.mockRestore();
    expect(await stored()).not.toBe(before);
    expect(await login('outdated@example.com', OLD)).toBe(0);
  });
});
