import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { PostgresStore, SharedLimits } from '@lexecon/resilience';
import { blind, refusal } from '../identity.testing.js';
import { AttemptLimits } from './attempt-limits.js';

const MANY = 10_000;
const AT_ONCE = 16;

/** What is left of the limiter when no password is hashed: sign-in counts first, then hashes, so the attacker gets no further than here. */
describe('guesses at what signs people in', () => {
  let database: TestDatabase;
  let limits: AttemptLimits;
  /** Another replica: it shares nothing with the first but the store. */
  let twin: AttemptLimits;

  beforeAll(async () => {
    database = await testDatabase();
    const replica = (): AttemptLimits =>
      new AttemptLimits(new SharedLimits(new PostgresStore(database.dataSource)), database.dataSource, blind);
    limits = replica();
    twin = replica();
  });
  afterAll(() => database.drop());
  beforeEach(() => database.dataSource.query('TRUNCATE resilience.bucket, identity.known_network'));

  /** A guess that is wrong: 0 when it came so far that a password would have been looked at. */
  const guess = (account: string, address: string, at = limits): Promise<number> =>
    refusal(at.address(address).then(() => at.account('password', account, address)));

  /** Somebody who knows the password and has the second factor. */
  async function signIn(account: string, address: string): Promise<number> {
    return refusal(async () => {
      for (const step of ['password', 'second-factor'] as const) {
        const attempts = [await limits.address(address), await limits.account(step, account, address)];
        await Promise.all(attempts.map((attempt) => attempt.succeeded()));
      }
      await limits.signedIn(account, address);
    });
  }

  /** Carries out `count` attacks, some at a time, and after each hundredth lets a person sign in. Answers both outcomes. */
  async function under(
    count: number,
    attack: (i: number) => Promise<number>,
    person: (i: number) => Promise<number>,
  ): Promise<{ readonly passed: number; readonly served: number; readonly people: number }> {
    let [next, passed, served, people] = [0, 0, 0, 0];
    const worker = async (): Promise<void> => {
      while (next < count) {
        const i = next++;
        if ((await attack(i)) === 0) passed += 1;
        if (i % 100 !== 0) continue;
        people += 1;
        if ((await person(i)) === 0) served += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return { passed, served, people };
  }

  const started = (): ((perSecond: number) => number) => {
    const begun = performance.now();
    return (perSecond) => Math.ceil(((performance.now() - begun) / 1000) * perSecond) + 1;
  };

  it('from one address at 10 000 accounts end after 100, while people sign in', async () => {
    const refilled = started();
    const outcome = await under(
      MANY,
      (i) => guess(`victim${i}@example.com`, '203.0.113.66', i % 2 ? limits : twin),
      (i) => signIn(`person${i}@example.com`, `198.51.${i % 250}.7`),
    );
    expect(outcome.passed).toBeGreaterThanOrEqual(100);
    expect(outcome.passed).toBeLessThanOrEqual(100 + refilled(100 / 900));
    expect(outcome.served / outcome.people).toBeGreaterThanOrEqual(0.95);
  }, 180_000);

  it('from 10 000 addresses at one account end after 50, while its owner signs in from a network that is known, and others do', async () => {
    const [owner, home] = ['owner@example.com', '192.0.2.10'];
    expect(await signIn(owner, home)).toBe(0);
    const refilled = started();
    const outcome = await under(
      MANY,
      (i) => guess(owner, `10.${i >> 8}.${i & 255}.9`, i % 2 ? limits : twin),
      (i) => (i % 200 === 0 ? signIn(owner, home) : signIn(`person${i}@example.com`, `198.51.${i % 250}.7`)),
    );
    expect(outcome.passed).toBeGreaterThanOrEqual(50);
    expect(outcome.passed).toBeLessThanOrEqual(50 + refilled(20 / 3600));
    expect(outcome.served / outcome.people).toBeGreaterThanOrEqual(0.95);
    // What the owner finds at a place never used before, meanwhile: it is no lock, it says when to come back.
    expect(await guess(owner, '198.51.100.1')).toBe(429);
  }, 180_000);

  it('do not lock the account where its owner is known, and there too end after ten', async () => {
    expect(await signIn('a@example.com', '192.0.2.10')).toBe(0);
    for (let i = 0; i < 80; i += 1) await guess('a@example.com', `10.0.${i}.1`);
    const here = await Promise.all(Array.from({ length: 15 }, (_, i) => guess('a@example.com', `192.0.2.${i}`)));
    expect(here.filter((status) => status === 0)).toHaveLength(10);
  });

  it('are not handed anything back by the owner who signs in meanwhile', async () => {
    expect(await signIn('a@example.com', '192.0.2.10')).toBe(0);
    for (let i = 0; i < 50; i += 1) expect(await guess('a@example.com', `10.0.${i}.1`)).toBe(0);
    expect(await signIn('a@example.com', '192.0.2.10')).toBe(0);
    expect(await guess('a@example.com', '10.1.1.1')).toBe(429);
  });

  it('at a second factor are counted apart from those at the password, and fewer', async () => {
    for (let i = 0; i < 20; i += 1)
      expect(await refusal(limits.account('second-factor', 'a@example.com', `10.0.${i}.1`))).toBe(0);
    expect(await refusal(limits.account('second-factor', 'a@example.com', '10.0.99.1'))).toBe(429);
    expect(await guess('a@example.com', '10.0.98.1')).toBe(0);
  });

  it('from an address that may not try any more use up nothing of an account', async () => {
    for (let i = 0; i < 100; i += 1) await limits.address('203.0.113.66');
    for (let i = 0; i < 30; i += 1) expect(await guess('a@example.com', '203.0.113.66')).toBe(429);
    expect(await refusal(limits.account('password', 'a@example.com', '203.0.113.67'))).toBe(0);
  });

  it('leave no e-mail address and no network address in the database', async () => {
    await signIn('ada@example.com', '192.0.2.10');
    await guess('ada@example.com', '192.0.2.10');
    const rows = await database.dataSource.query(
      `SELECT b::text AS row FROM resilience.bucket b UNION ALL SELECT k::text FROM identity.known_network k`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const { row } of rows) expect(row).toMatch(/^\("\\\\x[0-9a-f]{64}","[-0-9:.+ ]+"\)$/);
  });

  it('leave nothing that a list of addresses could be tested against without the key of the deployment', async () => {
    await signIn('ada@example.com', '192.0.2.10');
    const marks = async (): Promise<string[]> =>
      (await database.dataSource.query('SELECT encode(mark, $1) AS mark FROM identity.known_network', ['hex'])).map(
        ({ mark }: { mark: string }) => mark,
      );
    const [own] = await marks();
    await database.dataSource.query('TRUNCATE identity.known_network');
    const elsewhere = { blindIndex: (text: string): Buffer => blind.blindIndex(`another key ${text}`) };
    const store = new SharedLimits(new PostgresStore(database.dataSource));
    await new AttemptLimits(store, database.dataSource, elsewhere).signedIn('ada@example.com', '192.0.2.10');
    expect(await marks()).not.toContain(own);
  });

  it('count a network as known for 90 days', async () => {
    await signIn('a@example.com', '192.0.2.10');
    await database.dataSource.query(`UPDATE identity.known_network SET seen_at = now() - interval '91 days'`);
    for (let i = 0; i < 50; i += 1) await guess('a@example.com', `10.0.${i}.1`);
    expect(await guess('a@example.com', '192.0.2.10')).toBe(429);
    await signIn('b@example.com', '192.0.2.10');
    const [row] = await database.dataSource.query('SELECT count(*)::int AS known FROM identity.known_network');
    expect(row.known).toBe(1);
  });
});
