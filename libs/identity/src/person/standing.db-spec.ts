import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import pg from 'pg';
import { v7 as uuid7 } from 'uuid';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { freshKeyFile, openKeyFile, SecretBox, SubjectVault } from '@lexecon/vault';
import { accountSubject } from '../access/access-log.js';
import { account, administrator, recordingLog, refusal, terms } from '../identity.testing.js';
import { SessionService } from '../sign-in/session.service.js';
import { activeRolesOf, grantsOf } from './grant.queries.js';
import { GrantService } from './grant.service.js';
import { StandingService } from './standing.service.js';
import { StandingTask } from './standing.task.js';

const settings = {
  SESSION_IDLE_MINUTES: 30,
  SESSION_MAX_HOURS: 12,
  FRESH_PROOF_MINUTES: 10,
  GRANT_MAX_DAYS: 365,
  ACCOUNT_IDLE_DAYS: 90,
};

describe('the standing of people', () => {
  let database: TestDatabase;
  let standing: StandingService;
  let grants: GrantService;
  let sessions: SessionService;
  let vault: SubjectVault;
  let pool: pg.Pool;
  const { log, entries } = recordingLog();

  beforeAll(async () => {
    database = await testDatabase();
    const source = database.dataSource;
    pool = new pg.Pool({ connectionString: database.url, max: 4 });
    vault = new SubjectVault(pool, await openKeyFile(freshKeyFile(), null));
    sessions = new SessionService(source, settings);
    grants = new GrantService(source, log, settings);
    standing = new StandingService(source, log, sessions, vault, settings);
    await account(database, { id: administrator.id, roles: ['admin'] });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(() => {
    entries.length = 0;
  });

  const rowOf = async (id: string): Promise<Record<string, unknown>> => {
    const [row] = await database.dataSource.query<Record<string, unknown>[]>(
      'SELECT * FROM identity.account WHERE id = $1',
      [id],
    );
    return row ?? {};
  };
  /** All that the tables of a schema hold. */
  const textOf = async (schema: string): Promise<string> => {
    const tables = await database.dataSource.query<{ name: string }[]>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = $1`,
      [schema],
    );
    const rows = await Promise.all(
      tables.map(({ name }) => database.dataSource.query(`SELECT t::text FROM ${name} t`)),
    );
    return JSON.stringify(rows);
  };
  const events = (): readonly unknown[] => entries.map((entry) => entry.public['event']);

  it('disables a person: their sessions and tickets end at once, and it is on record why', async () => {
    const id = await account(database, { status: 'active' });
    const open = await Promise.all([1, 2].map(() => sessions.open(database.dataSource.manager, id, 'full')));
    for (const { token } of open) expect(await sessions.principalOf(token)).not.toBeNull();
    expect(await standing.disable(administrator, id, 'left the company')).toMatchObject({ id, status: 'disabled' });
    for (const { token } of open) expect(await sessions.principalOf(token)).toBeNull();
    expect(await refusal(standing.disable(administrator, id, 'again'))).toBe(409);
    expect(events()).toEqual(['person-disabled']);
    expect(JSON.stringify(entries[0]?.public)).not.toContain('left the company');
    expect(JSON.stringify(entries[0]?.sealed)).toContain('left the company');
    expect(await standing.enable(administrator, id, 'came back')).toMatchObject({ status: 'active' });
    for (const { token } of open) expect(await sessions.principalOf(token)).toBeNull();
  });

  it('opens no session for somebody disabled: none waits for the day they are enabled', async () => {
    const id = await account(database, { status: 'active' });
    await standing.disable(administrator, id, 'left the company');
    expect(await refusal(sessions.open(database.dataSource.manager, id, 'full'))).toBe(401);
  });

  it('enables somebody who never chose a password as invited', async () => {
    const id = await account(database);
    await standing.disable(administrator, id, 'by mistake');
    expect(await standing.enable(administrator, id, 'not so')).toMatchObject({ status: 'invited' });
    expect(await refusal(standing.enable(administrator, id, 'again'))).toBe(409);
  });

  it('is changed by nobody for themselves, and of nobody who is not there', async () => {
    expect(await refusal(standing.disable(administrator, administrator.id, 'because'))).toBe(403);
    expect(await refusal(standing.delete(administrator, administrator.id, 'because'))).toBe(403);
    for (const id of ['0199f0c4-0000-7000-8000-0000000000ff', 'no-id'])
      expect(await refusal(standing.disable(administrator, id, 'because'))).toBe(404);
  });

  it('leaves one administrator, of two who disable each other at the same time', async () => {
    const id = await account(database, { status: 'active' });
    await grants.give(administrator, id, { role: 'admin', ...terms });
    const other = { ...administrator, id, name: id };
    const outcomes = await Promise.all([
      refusal(standing.disable(administrator, id, 'attack')),
      refusal(standing.disable(other, administrator.id, 'defence')),
    ]);
    expect(outcomes.toSorted((a, b) => a - b)).toEqual([0, 409]);
    const [row] = await database.dataSource.query<{ n: number }[]>(
      `SELECT count(*)::int AS n FROM identity.account WHERE id = ANY($1) AND status = 'active'`,
      [[id, administrator.id]],
    );
    expect(row?.n).toBe(1);
    await database.dataSource.query(`UPDATE identity.account SET status = 'active' WHERE id = $1`, [administrator.id]);
    await standing.delete(administrator, id, 'the end of the test');
  });

  it('counts an administrator who is enabled again', async () => {
    const [second, third] = [
      await account(database, { status: 'active' }),
      await account(database, { status: 'active' }),
    ];
    await grants.give(administrator, second, { role: 'admin', ...terms });
    await standing.disable(administrator, second, 'on leave');
    await grants.give(administrator, third, { role: 'admin', ...terms });
    expect(await refusal(standing.enable(administrator, second, 'back'))).toBe(409);
    expect((await rowOf(second))['status']).toBe('disabled');
    await standing.delete(administrator, third, 'the end of the test');
    expect(await standing.enable(administrator, second, 'back')).toMatchObject({ roles: ['admin'], status: 'active' });
    await standing.delete(administrator, second, 'the end of the test');
  });

  it('deletes a person: nothing in the database says who it was, and what was sealed about them opens no more', async () => {
    const id = await account(database, { status: 'active', email: 'rosalind@example.com' });
    await grants.give(administrator, id, {
      role: 'auditor',
      ...terms,
      justification: 'Rosalind audits',
      ticket: 'ROS-1',
    });
    const box = new SecretBox(randomBytes(32));
    await database.dataSource.query('UPDATE identity.account SET totp_secret = $2 WHERE id = $1', [
      id,
      box.seal(randomBytes(20), `totp:${id}`),
    ]);
    const { token } = await sessions.open(database.dataSource.manager, id, 'full');
    await database.dataSource.query(
      `INSERT INTO identity.break_glass_use (account_id, reviewed_at, reviewed_by, used_by, verdict, reason)
       VALUES ($1, now(), $2, $1, 'justified', 'Rosalind was alone')`,
      [id, administrator.id],
    );
    const [key] = await vault.keysOf([accountSubject(id)]);
    const blind = log.blindOf(accountSubject(id));
    await database.dataSource.query(
      `INSERT INTO identity.access_event (id, event, by_blind, about_blind) VALUES ($1, 'login', $2, $2)`,
      [uuid7(), blind],
    );
    await standing.delete(administrator, id, 'asked for it');
    expect(await sessions.principalOf(token)).toBeNull();
    expect((await vault.openAll([key?.id ?? ''])).size).toBe(0);
    const found = await database.dataSource.query<unknown[]>(
      'SELECT 1 FROM identity.access_event WHERE by_blind = $1 OR about_blind = $1',
      [blind],
    );
    expect(found).toEqual([]);
    expect(await rowOf(id)).toMatchObject({
      email: `deleted-${id}@deleted.invalid`,
      status: 'deleted',
      password: null,
      totp_secret: null,
      totp_enrolled: true,
      roles: [],
    });
    expect((await rowOf(id))['erased_at']).toBeInstanceOf(Date);
    expect(await activeRolesOf(database.dataSource.manager, id)).toEqual([]);
    expect(JSON.stringify(await grantsOf(database.dataSource.manager, id))).not.toMatch(/Rosalind|ROS-1/);
    expect(await textOf('identity')).not.toMatch(/rosalind|ROS-1/i);
    expect(await refusal(standing.delete(administrator, id, 'again'))).toBe(404);
    expect(await refusal(standing.enable(administrator, id, 'again'))).toBe(404);
    expect(await refusal(grants.give(administrator, id, { role: 'auditor', ...terms }))).toBe(404);
    expect(events()).toEqual(['grant-given', 'person-deleted']);
    await account(database, { email: 'rosalind@example.com' });
  }, 15_000);

  it('deletes the break-glass account, and what was done with it stays readable', async () => {
    const id = await account(database, { status: 'active' });
    await database.dataSource.query('UPDATE identity.account SET break_glass = true WHERE id = $1', [id]);
    const [key] = await vault.keysOf([accountSubject(id)]);
    await standing.delete(administrator, id, 'the envelope was opened');
    expect((await rowOf(id))['status']).toBe('deleted');
    expect((await vault.openAll([key?.id ?? ''])).size).toBe(1);
  });

  it('finishes a deletion that was interrupted before the key was destroyed', async () => {
    const id = await account(database, { status: 'active' });
    const [key] = await vault.keysOf([accountSubject(id)]);
    await database.dataSource.query(`UPDATE identity.account SET status = 'deleted' WHERE id = $1`, [id]);
    await standing.eraseDeleted();
    expect((await vault.openAll([key?.id ?? ''])).size).toBe(0);
    expect((await rowOf(id))['erased_at']).toBeInstanceOf(Date);
  }, 15_000);

  describe('after 90 days without a sign-in', () => {
    const unused = (id: string, days: number): Promise<unknown> =>
      database.dataSource.query(
        `UPDATE identity.account SET last_active_at = now() - make_interval(days => $2) WHERE id = $1`,
        [id, days],
      );

    it('is disabled, sessions and all, on record; a day before it is not', async () => {
      const [idle, busy] = [
        await account(database, { status: 'active' }),
        await account(database, { status: 'active' }),
      ];
      const { token } = await sessions.open(database.dataSource.manager, idle, 'full');
      await unused(idle, 91);
      await unused(busy, 89);
      await standing.disableIdle();
      expect([(await rowOf(idle))['status'], (await rowOf(busy))['status']]).toEqual(['disabled', 'active']);
      expect(await sessions.principalOf(token)).toBeNull();
      expect(entries.map(({ public: open }) => open)).toEqual([{ event: 'person-disabled', cause: 'idle', days: 90 }]);
      await standing.enable(administrator, idle, 'on leave until today');
      await standing.disableIdle();
      expect((await rowOf(idle))['status']).toBe('active');
    });

    it('is begun anew by every sign-in', async () => {
      const id = await account(database, { status: 'active' });
      await unused(id, 91);
      await sessions.open(database.dataSource.manager, id, 'full');
      await standing.disableIdle();
      expect((await rowOf(id))['status']).toBe('active');
    });

    it('is not disabled when somebody comes in just then', async () => {
      const id = await account(database, { status: 'active' });
      await unused(id, 91);
      const seal = log.seal.bind(log);
      const sealing = jest.spyOn(log, 'seal').mockImplementationOnce(async (fact) => {
        await sessions.open(database.dataSource.manager, id, 'full');
        return seal(fact);
      });
      await standing.disableIdle();
      expect(sealing).toHaveBeenCalled();
      sealing.mockRestore();
      expect((await rowOf(id))['status']).toBe('active');
    });

    it('still has the last administrator', async () => {
      await unused(administrator.id, 400);
      await standing.disableIdle();
      expect((await rowOf(administrator.id))['status']).toBe('active');
      await unused(administrator.id, 0);
    });

    it('is looked at by one replica at a time', async () => {
      const id = await account(database, { status: 'active' });
      await unused(id, 91);
      const other = await pool.connect();
      await other.query('SELECT pg_advisory_lock(7111)');
      const task = new StandingTask(database.dataSource, standing);
      await task.sweep();
      expect((await rowOf(id))['status']).toBe('active');
      await other.query('SELECT pg_advisory_unlock(7111)');
      other.release();
      await task.sweep();
      expect((await rowOf(id))['status']).toBe('disabled');
    });
  });
});
