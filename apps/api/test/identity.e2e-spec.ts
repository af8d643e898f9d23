import { DataSource } from 'typeorm';
import { DemoData, ensureDemo, refuseDemo } from '../src/demo.js';
import { parseSettings } from '../src/settings.js';
import { welcome } from '../src/welcome.js';
import { testServer, type TestServer } from './server.testing.js';

describe('an agent and a service of one name', () => {
  let server: TestServer;
  let officer: string;

  beforeAll(async () => {
    server = await testServer();
    officer = server.tokenFor({});
  }, 60_000);
  afterAll(() => server.close());

  const post = async (path: string, body: unknown, token = officer): Promise<{ status: number; body: unknown }> => {
    const answer = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const keyOf = async (type: string): Promise<string> => {
    const actor = await post('/api/v1/agents', { type, name: 'twin', owner: 'team', purpose: 'tests', roles: ['r'] });
    const issued = await post(`/api/v1/agents/${(actor.body as { id: string }).id}/keys`, {});
    return (issued.body as { key: string }).key;
  };

  it('each ask for themselves, and neither for the other', async () => {
    const keys = { agent: await keyOf('agent'), service: await keyOf('service') };
    const ask = async (key: string, type?: string): Promise<number> => {
      const actor = type === undefined ? {} : { actor: { type, id: 'twin' } };
      const request = { ...actor, action: { name: 'a' }, resource: { type: 't', id: 'i' } };
      return (await post('/api/v1/decisions', request, key)).status;
    };
    expect([await ask(keys.agent), await ask(keys.agent, 'agent'), await ask(keys.agent, 'service')]).toEqual([
      200, 200, 403,
    ]);
    expect([await ask(keys.service), await ask(keys.service, 'service'), await ask(keys.service, 'agent')]).toEqual([
      200, 200, 403,
    ]);
    expect(await ask(keys.agent, 'user')).toBe(403);
  });
});

describe('a database with demo data', () => {
  it('is not made on an address that others can reach', async () => {
    const server = await testServer();
    const given = { DATABASE_URL: server.databaseUrl, LEXECON_DATA_DIR: server.folder };
    try {
      const lines = await welcome(server.app, parseSettings({ ...given, HOST: '0.0.0.0' }), server.url);
      expect(lines.join('\n')).not.toContain('lxk_');
      await expect(refuseDemo(server.app.get(DataSource))).resolves.toBeUndefined();
      expect((await welcome(server.app, parseSettings(given), server.url)).join('\n')).toContain('lxk_demo_');
    } finally {
      await server.close();
    }
  }, 60_000);

  it('is refused in production, and one without is not', async () => {
    const server = await testServer();
    const settings = parseSettings({ DATABASE_URL: server.databaseUrl, LEXECON_DATA_DIR: server.folder });
    const source = server.app.get(DataSource);
    try {
      await expect(refuseDemo(source)).resolves.toBeUndefined();
      await ensureDemo(server.app, settings);
      await expect(refuseDemo(source)).rejects.toThrow(DemoData);
    } finally {
      await server.close();
    }
  }, 60_000);
});
