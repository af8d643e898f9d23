import { type MatrixRow, matrixOf, personRoles } from '../src/permission.matrix.js';
import { routesOf } from '../src/route.list.js';
import { type Answer, call, keyOf, personWith, setupSession, signedIn } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';

const NOWHERE = '01890000-0000-7000-8000-000000000009';
const PERMITTED = { action: { name: 'database:read' }, resource: { type: 'table', id: 'orders' } };

/** The ids of things that are there, by the first part of the path after /api/v1. */
type Things = Readonly<Record<string, Readonly<Record<string, string>>>>;

describe('a caller who names the thing of somebody else', () => {
  let server: TestServer;
  let things: Things;
  let host: string;
  const tokens = new Map<string, string | undefined>([['no credentials', undefined]]);
  const keys = new Map<string, string>();

  beforeAll(async () => {
    server = await testServer({ LOG_LEVEL: 'error' });
    host = server.tokenFor({});
    tokens.set('setup session', await setupSession(server));
    for (const role of ['agent', 'gateway', 'provisioner'] as const)
      tokens.set(`${role} key`, await keyOf(server, `a-${role}`, role));
    for (const role of personRoles) {
      await personWith(server, `${role}@lexecon.example`, [role]);
      tokens.set(role, await signedIn(server, `${role}@lexecon.example`, -1));
    }
    for (const name of ['owner', 'stranger']) keys.set(name, await keyOf(server, name, 'agent'));
    things = await thingsOf();
  }, 60_000);
  afterAll(() => server.close());

  async function thingsOf(): Promise<Things> {
    const post = async (path: string, body: unknown, token = host): Promise<Answer['body']> => {
      const answer = await call(server, 'POST', path, { token, body });
      if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.text}`);
      return answer.body;
    };
    const source = JSON.stringify({
      apiVersion: 'lexecon.dev/v1',
      kind: 'Policy',
      name: 'ids',
      rules: [{ id: 'one', effect: 'permit', actions: ['database:read'] }],
    });
    await post('/api/v1/policies', { source });
    const resource = await post('/api/v1/resources', {
      type: 'table',
      resource: 'orders',
      dataClasses: ['pii'],
      sensitivity: 'internal',
      owner: 'team',
    });
    const decision = await post('/api/v1/decisions', PERMITTED, keys.get('owner'));
    const agents = (await call(server, 'GET', '/api/v1/agents', { token: host })).body['items'] as { id: string }[];
    const id = agents[0]?.id ?? '';
    const agent = (await call(server, 'GET', `/api/v1/agents/${id}`, { token: host })).body;
    const [key] = agent['keys'] as { id: string }[];
    const people = (await call(server, 'GET', '/api/v1/users', { token: host })).body['items'] as { id: string }[];
    return {
      agents: { id, keyId: key?.id ?? '' },
      decisions: { id: String(decision['id']) },
      policies: { name: 'ids', version: '1' },
      resources: { id: String(resource['id']) },
      users: { id: people[0]?.id ?? '' },
      ledger: { index: '0' },
    };
  }

  const rows = (): readonly MatrixRow[] => matrixOf(routesOf(server.app)).filter(({ route }) => /\{\w+\}/.test(route));
  const told = async (row: MatrixRow, path: string, token: string | undefined): Promise<string> => {
    const [method = ''] = row.route.split(' ');
    const body = method === 'GET' ? {} : { body: { 'no member of ours': true } };
    const { status, headers, text } = await call(server, method, path, { ...body, ...(token ? { token } : {}) });
    return `${String(status)} ${text.replace(String(headers['x-request-id']), '<id>')}`;
  };
  const withIds = ({ route }: MatrixRow, real: boolean): string => {
    const path = route.split(' ')[1] ?? '';
    const ids = things[path.split('/')[3] ?? ''] ?? {};
    return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (real ? ids[name] : undefined) ?? NOWHERE);
  };

  it('is answered without the permission as if there were no such thing, on every route', async () => {
    const differences: string[] = [];
    let compared = 0;
    for (const row of rows())
      for (const [name, cell] of Object.entries(row.cells)) {
        if (cell !== '401' && cell !== '403') continue;
        compared += 1;
        const [real, none] = [withIds(row, true), withIds(row, false)];
        const answer = await told(row, real, tokens.get(name));
        if (answer !== (await told(row, none, tokens.get(name))))
          differences.push(`${row.route} for ${name}: ${answer}`);
        if (!answer.startsWith(cell)) differences.push(`${row.route} for ${name}: ${answer}`);
      }
    expect(compared).toBeGreaterThan(100);
    expect(differences).toEqual([]);
  });

  it('finds things where they may be seen, so that the test above compares with what exists', async () => {
    const seen = rows().filter(({ route }) =>
      /^GET \/api\/v1\/(agents|decisions|policies|users|ledger\/entries)\//.test(route),
    );
    expect(seen.length).toBeGreaterThan(5);
    for (const row of seen)
      expect([row.route, (await told(row, withIds(row, true), host)).slice(0, 3)]).toEqual([row.route, '200']);
  });

  it('gets no receipt of what another agent asked, in whatever form', async () => {
    const path = (id: string): string => `/api/v1/decisions/${id}/receipt`;
    const asked = things['decisions']?.['id'] ?? '';
    for (const headers of [{}, { accept: 'text/plain' }]) {
      const ask = (name: string, id: string): Promise<Answer> =>
        call(server, 'GET', path(id), { token: keys.get(name) ?? '', headers });
      expect((await ask('owner', asked)).status).not.toBe(404);
      const [real, none] = [await ask('stranger', asked), await ask('stranger', NOWHERE)];
      expect([real.status, none.status]).toEqual([404, 404]);
      const { instance: _, ...rest } = real.body;
      expect(none.body).toMatchObject(rest);
    }
  });

  it('gets no answer of another by the idempotency key that the other used', async () => {
    const headers = { 'idempotency-key': 'the-same-key' };
    const ask = (name: string): Promise<Answer> =>
      call(server, 'POST', '/api/v1/decisions', { token: keys.get(name) ?? '', body: PERMITTED, headers });
    const [first, other, again] = [await ask('owner'), await ask('stranger'), await ask('owner')];
    expect([first.status, other.status, again.status]).toEqual([200, 200, 200]);
    expect(again.body['id']).toBe(first.body['id']);
    expect(other.body['id']).not.toBe(first.body['id']);
  });

  it('is known as the owner of its own account, however it writes the id', async () => {
    const token = await signedIn(server, 'admin@lexecon.example', 1);
    const own = String((await call(server, 'GET', '/api/v1/auth/session', { token })).body['account']);
    const grant = { role: 'auditor', justification: 'for myself', ticket: 'T-1', endsAt: inDays(30) };
    const reason = { reason: 'because I can' };
    for (const id of [own, own.toUpperCase()])
      for (const [method, path, body] of [
        ['POST', `/api/v1/users/${id}/grants`, grant],
        ['DELETE', `/api/v1/users/${id}/grants/${NOWHERE}`, reason],
        ['POST', `/api/v1/users/${id}/disable`, reason],
        ['DELETE', `/api/v1/users/${id}`, reason],
      ] as const)
        expect([method, path, (await call(server, method, path, { token, body })).status]).toEqual([method, path, 403]);
  });

  it('asks in nobody’s name but its own', async () => {
    const ask = (actor: object): Promise<Answer> =>
      call(server, 'POST', '/api/v1/decisions', { token: keys.get('stranger') ?? '', body: { ...PERMITTED, actor } });
    expect((await ask({ type: 'service', id: 'stranger' })).status).toBe(200);
    for (const actor of [
      { type: 'service', id: 'owner' },
      { type: 'service', id: 'a-gateway' },
      { type: 'agent', id: 'stranger' },
      { type: 'user', id: 'stranger' },
      { type: 'service', id: 'Stranger' },
      { type: 'service', id: 'stranger ' },
    ])
      expect([actor, (await ask(actor)).status]).toEqual([actor, 403]);
  });
});

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
