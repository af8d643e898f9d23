import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { IdentityBootstrap } from '@lexecon/identity';
import { type Answer, call, keyOf, personWith, signedIn } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('a directory that provisions people (SCIM 2.0)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-scim-'));
  let server: TestServer;
  let replica: TestServer;
  let key: string;
  let database: DataSource;

  beforeAll(async () => {
    const file = join(folder, 'roles.json');
    writeFileSync(file, JSON.stringify({ 'Lexecon auditors': ['auditor'], 'Lexecon owners': ['admin', 'operator'] }));
    const settings = { SCIM_ROLES_FILE: file, PUBLIC_URL: 'http://localhost:3000' };
    server = await testServer(settings);
    replica = await testServer(settings, server);
    key = await keyOf(server, 'directory', 'provisioner');
    database = server.app.get(DataSource);
  }, 60_000);
  afterAll(async () => {
    await replica.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const scim = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    call(server, method, `/scim/v2${path}`, {
      token: key,
      ...(body === undefined ? {} : { body }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }), ...headers },
    });
  const idOf = ({ body }: Answer): string => String(body['id']);
  const made = async (userName: string, more: object = {}): Promise<string> => {
    const answer = await scim('POST', '/Users', { schemas: [USER], userName, ...more });
    expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
    return idOf(answer);
  };
  const patch = (path: string, ...operations: object[]): Promise<Answer> =>
    scim('PATCH', path, { schemas: [PATCH], Operations: operations });
  const rolesOf = async (id: string): Promise<readonly string[]> => {
    const rows = await database.query<{ role: string }[]>(
      `SELECT role FROM identity.role_grant WHERE account_id = $1 AND ended_at IS NULL AND ends_at > now() ORDER BY role`,
      [id],
    );
    return rows.map(({ role }) => role);
  };
  const found = async (path: string): Promise<readonly string[]> => {
    const { body } = await scim('GET', path);
    return (body['Resources'] as readonly { readonly id: string }[]).map(({ id }) => id);
  };

  describe('users', () => {
    it('are made, read, and answered in SCIM’s own type', async () => {
      const answer = await scim('POST', '/Users', {
        schemas: [USER, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
        userName: 'Ada@Example.com',
        externalId: 'ext-ada',
        name: { givenName: 'Ada', familyName: 'Lovelace', formatted: 'Ada Lovelace' },
        emails: [{ value: 'other@example.com' }, { value: 'Ada@Example.com', type: 'work', primary: true }],
        title: 'countess',
        active: true,
      });
      expect([answer.status, answer.headers['content-type'], answer.headers['etag']]).toEqual([
        201,
        expect.stringContaining('application/scim+json'),
        'W/"1"',
      ]);
      expect(answer.headers['location']).toBe(`http://localhost:3000/scim/v2/Users/${idOf(answer)}`);
      const read = await scim('GET', `/Users/${idOf(answer)}`);
      expect(read.body).toMatchObject({
        schemas: [USER],
        userName: 'Ada@Example.com',
        externalId: 'ext-ada',
        name: { givenName: 'Ada', familyName: 'Lovelace' },
        emails: [{ value: 'ada@example.com', primary: true }],
        active: true,
        meta: { resourceType: 'User', version: 'W/"1"' },
      });
      expect(read.body['title']).toBeUndefined();
    });

    it('are found by what directories search by', async () => {
      const id = await made('grace@example.com', { externalId: 'ext-grace', displayName: 'Grace' });
      for (const filter of [
        'userName eq "GRACE@example.com"',
        'externalId eq "ext-grace"',
        `id eq "${id}"`,
        'displayName eq "Grace" and active eq true',
        'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "grace@example.com"',
        'emails.value eq "grace@example.com" and externalId pr',
      ])
        expect([filter, await found(`/Users?filter=${encodeURIComponent(filter)}`)]).toEqual([filter, [id]]);
      expect(await found('/Users?filter=userName%20eq%20%22nobody%22')).toEqual([]);
    });

    it.each([
      'userName co "a"',
      'not (userName eq "a")',
      'title eq "a"',
      'userName eq',
      'userName eq "a" or id pr',
      ')',
    ])('are not searched by %s: invalidFilter', async (filter) => {
      const { status, body } = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`);
      expect([status, body]).toEqual([
        400,
        expect.objectContaining({
          schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
          status: '400',
          scimType: 'invalidFilter',
        }),
      ]);
    });

    it('are listed page by page, with the attributes that are asked for', async () => {
      for (const name of ['p1', 'p2', 'p3']) await made(`${name}@example.com`);
      const all = await found('/Users');
      const { body } = await scim('GET', '/Users?startIndex=2&count=2&attributes=userName');
      expect(body).toMatchObject({ totalResults: all.length, startIndex: 2, itemsPerPage: 2 });
      const resources = body['Resources'] as readonly Record<string, unknown>[];
      expect(resources.map(({ id }) => id)).toEqual(all.slice(1, 3));
      expect(Object.keys(resources[0] ?? {}).sort()).toEqual(['id', 'meta', 'schemas', 'userName']);
      expect((await scim('GET', '/Users?count=0')).body).toMatchObject({ itemsPerPage: 0, totalResults: all.length });
    });

    it('are made once, whoever asks for the same name at the same time, in whatever case', async () => {
      const answers = await Promise.all(
        ['twin@example.com', 'Twin@example.com', 'TWIN@example.com', 'twin@EXAMPLE.com'].map((userName) =>
          scim('POST', '/Users', { schemas: [USER], userName }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
      expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
        scimType: 'uniqueness',
        status: '409',
      });
    });

    it('are replaced, and changed only in the version that is named', async () => {
      const id = await made('edit@example.com', { displayName: 'Before' });
      const replaced = await scim(
        'PUT',
        `/Users/${id}`,
        { schemas: [USER], userName: 'edit2@example.com' },
        { 'if-match': 'W/"1"' },
      );
      expect([replaced.status, replaced.body]).toEqual([200, expect.not.objectContaining({ displayName: 'Before' })]);
      const late = await scim(
        'PUT',
        `/Users/${id}`,
        { schemas: [USER], userName: 'x@example.com' },
        { 'if-match': 'W/"1"' },
      );
      expect([late.status, late.body['status']]).toEqual([412, '412']);
      const taken = await patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: 'ada@example.com' });
      expect([taken.status, taken.body['scimType']]).toEqual([409, 'uniqueness']);
      const email = await patch(`/Users/${id}`, {
        op: 'replace',
        path: 'emails',
        value: [{ value: 'ada@example.com' }],
      });
      expect([email.status, email.body['scimType']]).toEqual([409, 'uniqueness']);
    });

    it.each([
      ['Entra ID: a path and a string', [{ op: 'Replace', path: 'active', value: 'False' }], { active: false }],
      ['Okta: no path and a boolean', [{ op: 'replace', value: { active: false } }], { active: false }],
      [
        'Entra ID: dotted names without a path',
        [{ op: 'Add', value: { 'name.givenName': 'Mary', displayName: 'Mary S' } }],
        { displayName: 'Mary S', name: { givenName: 'Mary' } },
      ],
      [
        'a path with a filter',
        [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'mary2@example.com' }],
        { emails: [{ value: 'mary2@example.com', type: 'work', primary: true }] },
      ],
      [
        'several, with attributes that are not kept',
        [
          { op: 'add', path: 'title', value: 'x' },
          { op: 'replace', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'y' },
          { op: 'replace', path: 'name.familyName', value: 'Somerville' },
        ],
        { name: { familyName: 'Somerville' } },
      ],
    ])('are patched as directories do: %s', async (_, operations, expected) => {
      const id = await made(`mary-${String(Math.random()).slice(2)}@example.com`);
      const { status, body } = await patch(`/Users/${id}`, ...operations);
      expect([status, body]).toEqual([200, expect.objectContaining(expected)]);
    });

    it.each([
      [{ op: 'remove' }, 'invalidPath'],
      [{ op: 'move', path: 'active' }, 'invalidValue'],
      [{ op: 'replace', path: 'active', value: 'perhaps' }, 'invalidValue'],
      [{ op: 'remove', path: 'userName' }, 'invalidValue'],
      [{ op: 'replace', path: 'emails[', value: 'x' }, 'invalidPath'],
      [{ op: 'replace', path: 'userName', value: 'a\nb' }, 'invalidValue'],
    ])('refuse %j', async (operation, scimType) => {
      const id = await made(`bad-${String(Math.random()).slice(2)}@example.com`);
      const { status, body } = await patch(`/Users/${id}`, operation);
      expect([status, body['scimType']]).toEqual([400, scimType]);
    });
  });

  describe('what a caller writes', () => {
    const eventsOf = async (query: string): Promise<readonly Record<string, Record<string, unknown>>[]> => {
      const { body } = await call(server, 'GET', `/api/v1/access-events?${query}`, { token: server.tokenFor({}) });
      return body['items'] as readonly Record<string, Record<string, unknown>>[];
    };

    it('as a path changes nothing that is not an attribute, whatever every object has', async () => {
      const id = await made('proto@example.com');
      const value = { userName: '', email: 'no address', givenName: 7 };
      for (const path of ['constructor', 'Constructor']) {
        const { status, body } = await patch(`/Users/${id}`, { op: 'replace', path, value });
        expect([status, body['userName'], body['name']]).toEqual([200, 'proto@example.com', undefined]);
      }
    });

    it('as an id means the same person in capitals, in the record too', async () => {
      const id = await made('capital@example.com');
      const changed = await patch(`/Users/${id.toUpperCase()}`, { op: 'add', path: 'displayName', value: 'C' });
      expect([changed.status, idOf(changed)]).toEqual([200, id]);
      await scim('GET', `/Users/${id.toUpperCase()}`);
      for (const written of [id, id.toUpperCase()]) {
        expect(await eventsOf(`account=${written}&event=person-changed`)).toHaveLength(1);
        const reads = await eventsOf(`account=${written}&event=personal-data-read`);
        expect(reads.filter((read) => read['public']?.['route'] === 'GET /scim/v2/Users/:id')).toHaveLength(1);
      }
      const group = await scim('POST', '/Groups', { displayName: 'Capitals', members: [{ value: id.toUpperCase() }] });
      const same = await scim('PUT', `/Groups/${idOf(group).toUpperCase()}`, {
        displayName: 'Capitals',
        members: [{ value: id.toUpperCase() }],
      });
      expect(same.body['members']).toEqual([expect.objectContaining({ value: id })]);
      const gone = await patch(`/Groups/${idOf(group)}`, {
        op: 'remove',
        path: 'members',
        value: [{ value: id.toUpperCase() }],
      });
      expect(gone.body['members']).toEqual([]);
    });

    it('as If-Match and is no version matches none', async () => {
      const id = await made('match@example.com');
      for (const ifMatch of ['"other"', 'W/"1', '"9", "8"']) {
        const headers = { 'if-match': ifMatch };
        expect([ifMatch, (await scim('DELETE', `/Users/${id}`, undefined, headers)).status]).toEqual([ifMatch, 412]);
      }
      expect((await scim('DELETE', `/Users/${id}`, undefined, { 'if-match': '*' })).status).toBe(204);
    });

    it('as a filter is on record with how many people it showed', async () => {
      await made('counted-1@example.com');
      await made('counted-2@example.com');
      const { body } = await scim('GET', '/Users?count=2');
      expect(body['itemsPerPage']).toBe(2);
      const [read] = await eventsOf('event=personal-data-read&actor=directory&limit=1');
      expect(read?.['public']).toMatchObject({ route: 'GET /scim/v2/Users', count: 2 });
    });

    it('makes no group larger than 5000, one member after the other', async () => {
      const group = await scim('POST', '/Groups', { displayName: 'Large', members: [] });
      const add = (from: number) => ({
        op: 'add',
        path: 'members',
        value: Array.from({ length: 2_501 }, (_, at) => ({ value: String(from + at) })),
      });
      const { status, body } = await patch(`/Groups/${idOf(group)}`, add(0), add(10_000));
      expect([status, body['detail']]).toEqual([400, 'A Group has 5000 members at most.']);
    });
  });

  describe('somebody who is deprovisioned', () => {
    const person = async (email: string): Promise<{ id: string; session: string }> => {
      await personWith(server, email, ['auditor']);
      const id = await made(email);
      return { id, session: await signedIn(server, email) };
    };
    const may = async (where: TestServer, token: string): Promise<number> =>
      (await call(where, 'GET', '/api/v1/policies', { token })).status;
    /** Milliseconds until the answer is another one. */
    const until = async (status: number, ask: () => Promise<number>): Promise<number> => {
      const began = performance.now();
      while ((await ask()) !== status) {
        if (performance.now() - began > 60_000) throw new Error('not within 60 seconds');
        await sleep(50);
      }
      return performance.now() - began;
    };

    it.each([
      ['made inactive', (id: string) => patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' }), 200],
      ['deleted', (id: string) => scim('DELETE', `/Users/${id}`), 204],
    ])('because they were %s has no session and no agent within 60 s, on every replica', async (how, end, status) => {
      const email = `gone-${how.replaceAll(' ', '-')}@example.com`;
      const { id, session } = await person(email);
      const agent = await call(server, 'POST', '/api/v1/agents', {
        token: server.tokenFor({}),
        body: {
          type: 'service',
          name: `pep-${how}`,
          owner: 'team',
          ownerId: id,
          purpose: 'tests',
          roles: ['gateway'],
          riskClass: 'limited',
          reviewBy: soon(),
        },
      });
      expect([agent.status, agent.text]).toEqual([201, expect.any(String)]);
      const issued = await call(server, 'POST', `/api/v1/agents/${String(agent.body['id'])}/keys`, {
        token: server.tokenFor({}),
        body: {},
      });
      const decide = async (): Promise<number> =>
        (
          await call(replica, 'POST', '/api/v1/decisions', {
            token: String(issued.body['key']),
            body: { actor: { type: 'agent', id: 'x' }, action: { name: 'a' }, resource: { type: 't', id: 'i' } },
          })
        ).status;
      await until(200, decide);
      expect([await may(server, session), await may(replica, session)]).toEqual([200, 200]);
      expect((await end(id)).status).toBe(status);
      expect(await may(server, session)).toBe(401);
      expect(await until(401, () => may(replica, session))).toBeLessThan(60_000);
      expect(await until(403, decide)).toBeLessThan(60_000);
      const login = await call(server, 'POST', '/api/v1/auth/login', {
        body: { email, password: 'a long enough password' },
      });
      expect(login.status).toBe(401);
    });

    it('may be the last administrator', async () => {
      const { id, session } = await person('last@example.com');
      await database.query(
        `UPDATE identity.role_grant SET ended_at = now(), end_reason = 'test' WHERE role = 'admin' AND ended_at IS NULL`,
      );
      await database.query(
        `INSERT INTO identity.role_grant (id, account_id, role, justification, ticket, source, ends_at)
         VALUES (gen_random_uuid(), $1, 'admin', 'test', 'test', 'bootstrap', now() + interval '1 day')`,
        [id],
      );
      expect(await may(server, session)).toBe(200);
      expect((await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })).status).toBe(200);
      expect(await may(server, session)).toBe(401);
    });

    it('is forgotten with all that the directory said of them', async () => {
      const id = await made('canary-user@example.com', {
        externalId: 'canary-external',
        displayName: 'canary shown',
        name: { givenName: 'canary given', familyName: 'canary family' },
      });
      const kept = async (): Promise<string> =>
        JSON.stringify(await database.query('SELECT u.* FROM identity.scim_user u WHERE id = $1', [id]));
      expect(await kept()).toContain('canary');
      await scim('DELETE', `/Users/${id}`);
      expect(await kept()).toContain(id);
      expect(await kept()).not.toContain('canary');
    });

    it('comes back with what the directory gives, and the same account', async () => {
      const { id } = await person('back@example.com');
      await scim('DELETE', `/Users/${id}`);
      expect((await scim('GET', `/Users/${id}`)).status).toBe(404);
      expect(await made('back@example.com')).toBe(id);
      expect((await scim('GET', `/Users/${id}`)).body['active']).toBe(true);
    });

    it('stays out when an administrator disabled the account, whatever else the directory says of them', async () => {
      const id = await made('barred@example.com');
      await database.query(`UPDATE identity.account SET status = 'disabled' WHERE id = $1`, [id]);
      const { body } = await patch(`/Users/${id}`, { op: 'replace', path: 'displayName', value: 'Barred' });
      expect(body['active']).toBe(false);
      const again = await scim('PUT', `/Users/${id}`, { userName: 'barred@example.com', active: true });
      expect(again.body['active']).toBe(false);
      await scim('DELETE', `/Users/${id}`);
      expect(await made('barred@example.com')).toBe(id);
      expect((await scim('GET', `/Users/${id}`)).body['active']).toBe(false);
    });
  });

  it('cannot enable whom an administrator enabled and then disabled again', async () => {
    const id = await made('barred-twice@example.com');
    const standing = (what: string): Promise<Answer> =>
      call(server, 'POST', `/api/v1/users/${id}/${what}`, { token: server.tokenFor({}), body: { reason: 'a test' } });
    await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false });
    expect([(await standing('enable')).status, (await standing('disable')).status]).toEqual([200, 200]);
    expect((await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true })).body['active']).toBe(false);
  });

  describe('groups', () => {
    const group = async (displayName: string, ...ids: string[]): Promise<string> => {
      const answer = await scim('POST', '/Groups', { displayName, members: ids.map((value) => ({ value })) });
      expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
      return idOf(answer);
    };

    it('give their members roles for as long as they are in them', async () => {
      const [ada, bea] = [await made('g-ada@example.com'), await made('g-bea@example.com')];
      const id = await group('Lexecon auditors', ada);
      expect([await rolesOf(ada), await rolesOf(bea)]).toEqual([['auditor'], []]);
      await patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: bea }] });
      expect(await rolesOf(bea)).toEqual(['auditor']);
      await patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${ada}"]` });
      expect([await rolesOf(ada), await rolesOf(bea)]).toEqual([[], ['auditor']]);
      await patch(`/Groups/${id}`, { op: 'Remove', path: 'members', value: [{ value: bea }] });
      expect(await rolesOf(bea)).toEqual([]);
      await patch(`/Groups/${id}`, { op: 'replace', value: { members: [{ value: ada }, { value: bea }] } });
      expect([await rolesOf(ada), await rolesOf(bea)]).toEqual([['auditor'], ['auditor']]);
      await patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'Golfers' });
      expect([await rolesOf(ada), await rolesOf(bea)]).toEqual([[], []]);
      await scim('PUT', `/Groups/${id}`, { displayName: 'Lexecon auditors', members: [{ value: bea }] });
      expect([await rolesOf(ada), await rolesOf(bea)]).toEqual([[], ['auditor']]);
      expect((await scim('DELETE', `/Groups/${id}`)).status).toBe(204);
      expect(await rolesOf(bea)).toEqual([]);
    });

    it('are read without members where those are not wanted, and found by name', async () => {
      const member = await made('g-cy@example.com');
      const id = await group('Readers', member);
      expect((await scim('GET', `/Groups/${id}`)).body['members']).toEqual([
        expect.objectContaining({ value: member }),
      ]);
      expect((await scim('GET', `/Groups/${id}?excludedAttributes=members`)).body['members']).toBeUndefined();
      expect(await found(`/Groups?filter=${encodeURIComponent('displayName eq "readers"')}`)).toEqual([id]);
      const twice = await scim('POST', '/Groups', { displayName: 'READERS' });
      expect([twice.status, twice.body['scimType']]).toEqual([409, 'uniqueness']);
    });

    it('take nobody who is not there', async () => {
      const { status, body } = await scim('POST', '/Groups', { displayName: 'Ghosts', members: [{ value: 'x' }] });
      expect([status, body['scimType']]).toEqual([400, 'invalidValue']);
    });

    it('are followed later when that was not possible at once', async () => {
      const member = await made('g-late@example.com');
      await group('Latecomers', member);
      await database.query(
        `UPDATE identity.scim_group SET display_name = 'Lexecon auditors' WHERE name_key = 'latecomers'`,
      );
      await database.query('UPDATE identity.scim_user SET change = change + 1 WHERE id = $1', [member]);
      expect(await rolesOf(member)).toEqual([]);
      for (let tries = 0; tries < 600 && (await rolesOf(member)).length === 0; tries += 1) await sleep(100);
      expect(await rolesOf(member)).toEqual(['auditor']);
    }, 90_000);

    it('make no third administrator, and take roles from who is made inactive', async () => {
      const ids = [];
      for (const name of ['o1', 'o2', 'o3']) ids.push(await made(`${name}@example.com`));
      await group('Lexecon owners', ...ids);
      const roles = await Promise.all(ids.map(rolesOf));
      expect(roles.every((names) => names.includes('operator'))).toBe(true);
      expect(roles.flat().filter((role) => role === 'admin').length).toBeLessThanOrEqual(2);
      await patch(`/Users/${ids[0] ?? ''}`, { op: 'replace', path: 'active', value: false });
      expect(await rolesOf(ids[0] ?? '')).toEqual([]);
    });
  });

  it('is let in with a provisioner’s key alone, and refused in SCIM’s own form', async () => {
    const gateway = await keyOf(server, 'a-gateway', 'gateway');
    for (const [token, status] of [
      [gateway, 403],
      ['nonsense', 401],
    ] as const) {
      const answer = await call(server, 'GET', '/scim/v2/Users', { token });
      expect([answer.status, answer.headers['content-type'], answer.body['status'], answer.body['schemas']]).toEqual([
        status,
        expect.stringContaining('application/scim+json'),
        String(status),
        ['urn:ietf:params:scim:api:messages:2.0:Error'],
      ]);
    }
    expect((await call(server, 'GET', '/api/v1/users', { token: key })).status).toBe(403);
  });

  it('does not take over the sealed account', async () => {
    await server.app.get(IdentityBootstrap).ensurePerson({
      email: 'sealed@example.com',
      password: 'a long enough password',
      totpSecret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
      roles: [],
      justification: 'break glass',
    });
    await database.query(`UPDATE identity.account SET break_glass = true WHERE email = 'sealed@example.com'`);
    expect((await scim('POST', '/Users', { userName: 'sealed@example.com' })).status).toBe(409);
  });

  it('learns what is offered', async () => {
    for (const path of [
      '/ServiceProviderConfig',
      '/ResourceTypes',
      '/ResourceTypes/User',
      '/Schemas',
      `/Schemas/${USER}`,
    ])
      expect([path, (await scim('GET', path)).status]).toEqual([path, 200]);
    expect((await scim('GET', '/Schemas/other')).status).toBe(404);
    const { body } = await scim('GET', '/ServiceProviderConfig');
    expect(body).toMatchObject({ patch: { supported: true }, etag: { supported: true }, bulk: { supported: false } });
  });

  it('is sent JSON that is none, and says so', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/scim/v2/Users',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/scim+json' },
      payload: '{',
    });
    expect([answer.statusCode, answer.json<{ scimType: string }>().scimType]).toEqual([400, 'invalidSyntax']);
  });

  it('is on record, without names where anybody reads', async () => {
    const rows = await database.query<{ body: Buffer | null }[]>('SELECT body FROM ledger.payload');
    const open = rows.map(({ body }) => body?.toString('utf8') ?? '').join('\n');
    for (const event of [
      'person-provisioned',
      'person-changed',
      'person-deprovisioned',
      'person-reprovisioned',
      'group-changed',
      'roles-from-groups',
    ])
      expect(open).toContain(`"${event}"`);
    expect(open).not.toMatch(/example\.com|Lovelace|ext-ada|Lexecon auditors/);
  });
});

const soon = (): string => new Date(Date.now() + 30 * 24 * 3_600_000).toISOString().slice(0, 10);
