import { v7 as uuid7 } from 'uuid';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { account, administrator, recordingLog, refusal, terms, within } from '../identity.testing.js';
import { SessionService } from '../sign-in/session.service.js';
import { activeRolesOf, endGrantsOfSource, grantsOf, insertGrant } from './grant.queries.js';
import { GrantService } from './grant.service.js';
import { lockAccount } from './standing.queries.js';

const settings = { SESSION_IDLE_MINUTES: 30, SESSION_MAX_HOURS: 12, FRESH_PROOF_MINUTES: 10, GRANT_MAX_DAYS: 365 };

describe('grants', () => {
  let database: TestDatabase;
  let grants: GrantService;
  let sessions: SessionService;
  const { log, entries } = recordingLog();

  beforeEach(async () => {
    entries.length = 0;
    database = await testDatabase();
    grants = new GrantService(database.dataSource, log, settings);
    sessions = new SessionService(database.dataSource, settings);
    await account(database, { id: administrator.id, roles: ['admin'] });
  });
  afterEach(() => database.drop());

  const admins = async (): Promise<number> => {
    const [row] = await database.dataSource.query<{ n: number }[]>(
      `SELECT count(*)::int AS n FROM identity.role_grant WHERE role = 'admin' AND ended_at IS NULL`,
    );
    return row?.n ?? 0;
  };

  it('are given for a reason, a ticket and an end, and are on record without either in public', async () => {
    const id = await account(database);
    const grant = await grants.give(administrator, id, { role: 'reviewer', ...terms });
    expect(grant).toMatchObject({
      role: 'reviewer',
      justification: terms.justification,
      ticket: terms.ticket,
      source: 'person',
      grantedBy: administrator.id,
      endsAt: new Date(terms.endsAt),
      active: true,
      byBreakGlass: false,
    });
    expect(await activeRolesOf(database.dataSource.manager, id)).toEqual(['reviewer']);
    expect(entries.map(({ public: open }) => open)).toEqual([
      { event: 'grant-given', role: 'reviewer', endsAt: terms.endsAt },
    ]);
    const sealed = JSON.stringify(entries.map((entry) => entry.sealed.map(({ fields }) => fields)));
    for (const text of [id, administrator.id, terms.justification, terms.ticket]) expect(sealed).toContain(text);
  });

  it('are given by nobody to themselves, and taken by nobody from themselves', async () => {
    expect(await refusal(grants.give(administrator, administrator.id, { role: 'auditor', ...terms }))).toBe(403);
    const [own] = await grantsOf(database.dataSource.manager, administrator.id);
    expect(await refusal(grants.end(administrator, administrator.id, own?.id ?? '', 'because'))).toBe(403);
    await expect(
      insertGrant(database.dataSource.manager, {
        ...terms,
        accountId: administrator.id,
        role: 'auditor',
        source: 'person',
        grantedBy: administrator.id,
        endsAt: new Date(terms.endsAt),
      }),
    ).rejects.toThrow('role_grant_from_another');
  });

  it.each([
    ['in the past', -1],
    ['more than GRANT_MAX_DAYS ahead', 366],
  ])('do not end %s', async (_, days) => {
    const id = await account(database);
    const endsAt = new Date(Date.now() + days * 86_400_000).toISOString();
    expect(await refusal(grants.give(administrator, id, { role: 'auditor', ...terms, endsAt }))).toBe(409);
    expect(
      await refusal(grants.give(administrator, id, { role: 'auditor', ...terms, endsAt: '2027-13-45T00:00:00Z' })),
    ).toBe(409);
    expect(await activeRolesOf(database.dataSource.manager, id)).toEqual([]);
  });

  it('are refused for an end that has come by the clock of the database', async () => {
    const id = await account(database);
    const { dataSource } = database;
    const given = { ...terms, accountId: id, endsAt: new Date(Date.now() - 1000), grantedBy: administrator.id };
    const grant = insertGrant(dataSource.manager, { ...given, role: 'auditor', source: 'person' });
    expect(await refusal(grant)).toBe(409);
  });

  it('are given by two to each other at the same moment', async () => {
    const other = await account(database, { status: 'active' });
    const given = { ...terms, role: 'auditor', source: 'person', endsAt: new Date(terms.endsAt) } as const;
    const both = [administrator.id, other];
    let locked = 0;
    const outcomes = both.map((accountId) =>
      database.dataSource.transaction(async (tx) => {
        await lockAccount(tx, accountId);
        locked += 1;
        await within(5_000, () => locked === 2);
        const grantedBy = both.find((id) => id !== accountId) ?? null;
        return insertGrant(tx, { ...given, accountId, grantedBy });
      }),
    );
    expect((await Promise.all(outcomes)).map((grant) => grant?.active)).toEqual([true, true]);
  });

  it('count once for a role, until they are taken back; then the role can be given again', async () => {
    const id = await account(database);
    const grant = await grants.give(administrator, id, { role: 'auditor', ...terms });
    expect(await refusal(grants.give(administrator, id, { role: 'auditor', ...terms }))).toBe(409);
    await grants.end(administrator, id, grant.id, 'the audit is over');
    expect(await refusal(grants.end(administrator, id, grant.id, 'again'))).toBe(409);
    expect(await activeRolesOf(database.dataSource.manager, id)).toEqual([]);
    await grants.give(administrator, id, { role: 'auditor', ...terms });
    const [now, before] = await grantsOf(database.dataSource.manager, id);
    expect(now).toMatchObject({ active: true, endedAt: null });
    expect(before).toMatchObject({ active: false, endedBy: administrator.id, endReason: 'the audit is over' });
  });

  it('end at their date without anybody doing anything, in open sessions too', async () => {
    const id = await account(database, { status: 'active' });
    await grants.give(administrator, id, { role: 'policy-author', ...terms });
    const { token } = await sessions.open(database.dataSource.manager, id, 'full');
    const elsewhere = (): SessionService => new SessionService(database.dataSource, settings);
    expect((await elsewhere().principalOf(token))?.permissions.has('policy:write')).toBe(true);
    await database.dataSource.query(
      `UPDATE identity.role_grant SET granted_at = now() - interval '2 days', ends_at = now() - interval '1 second' WHERE account_id = $1`,
      [id],
    );
    expect(await elsewhere().principalOf(token)).toMatchObject({ roles: [] });
    await grants.give(administrator, id, { role: 'policy-author', ...terms });
    const ended = (await grantsOf(database.dataSource.manager, id)).find((grant) => !grant.active);
    expect(ended?.endReason).toBe('its end date came');
  });

  it('of one source end together, and others stay', async () => {
    const id = await account(database);
    const given = { ...terms, accountId: id, endsAt: new Date(terms.endsAt), grantedBy: null } as const;
    await insertGrant(database.dataSource.manager, { ...given, role: 'auditor', source: 'sso' });
    await insertGrant(database.dataSource.manager, { ...given, role: 'reviewer', source: 'sso' });
    await grants.give(administrator, id, { role: 'reviewer', ...terms });
    expect(await activeRolesOf(database.dataSource.manager, id)).toEqual(['auditor', 'reviewer']);
    expect(await endGrantsOfSource(database.dataSource.manager, id, 'sso')).toBe(2);
    expect(await activeRolesOf(database.dataSource.manager, id)).toEqual(['reviewer']);
  });

  describe('of administrators', () => {
    it('are two at most, of 50 given at the same time', async () => {
      const people = await Promise.all(Array.from({ length: 50 }, () => account(database)));
      const outcomes = await Promise.all(
        people.map((id) => refusal(grants.give(administrator, id, { role: 'admin', ...terms }))),
      );
      expect(outcomes.filter((status) => status === 0)).toHaveLength(1);
      expect(outcomes.filter((status) => status === 409)).toHaveLength(49);
      expect(await admins()).toBe(2);
      expect(entries).toHaveLength(1);
    }, 30_000);

    it('cannot be more even by writing to the table', async () => {
      const [second, third] = [await account(database), await account(database)];
      const insert = (id: string): Promise<unknown> =>
        database.dataSource.query(
          `INSERT INTO identity.role_grant (id, account_id, role, justification, ticket, source, ends_at)
           VALUES ($1, $2, 'admin', 'x', 'x', 'bootstrap', now() + interval '1 day')`,
          [uuid7(), id],
        );
      await insert(second);
      await expect(insert(third)).rejects.toThrow('two active administrators');
      await expect(account(database, { roles: ['admin'] })).rejects.toThrow('two active administrators');
    });

    it('that ran out or belong to somebody disabled leave their place', async () => {
      const [second, third, fourth] = [await account(database), await account(database), await account(database)];
      await grants.give(administrator, second, { role: 'admin', ...terms });
      expect(await refusal(grants.give(administrator, third, { role: 'admin', ...terms }))).toBe(409);
      await database.dataSource.query(`UPDATE identity.account SET status = 'disabled' WHERE id = $1`, [second]);
      await grants.give(administrator, third, { role: 'admin', ...terms });
      await expect(
        database.dataSource.query(`UPDATE identity.account SET status = 'invited' WHERE id = $1`, [second]),
      ).rejects.toThrow('two active administrators');
      await database.dataSource.query(
        `UPDATE identity.role_grant SET granted_at = now() - interval '2 days', ends_at = now() - interval '1 second' WHERE account_id = $1`,
        [third],
      );
      await grants.give(administrator, fourth, { role: 'admin', ...terms });
    });

    it('are never taken from the last one', async () => {
      const other = { ...administrator, id: await account(database) };
      const [only] = await grantsOf(database.dataSource.manager, administrator.id);
      expect(await refusal(grants.end(other, administrator.id, only?.id ?? '', 'because'))).toBe(409);
      expect(await activeRolesOf(database.dataSource.manager, administrator.id)).toEqual(['admin']);
    });
  });

  it('were made of the roles that accounts listed, also of an account that the release before makes', async () => {
    const id = await account(database, { roles: ['reviewer', 'auditor'] });
    expect((await activeRolesOf(database.dataSource.manager, id)).toSorted()).toEqual(['auditor', 'reviewer']);
    const given = await account(database);
    await grants.give(administrator, given, { role: 'operator', ...terms });
    const [row] = await database.dataSource.query<{ roles: string[] }[]>(
      'SELECT roles FROM identity.account WHERE id = $1',
      [given],
    );
    expect(row?.roles).toEqual(['operator']);
  });
});
