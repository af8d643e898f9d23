import { LedgerService } from '@lexecon/ledger';
import { ensureDemo } from '../src/demo.js';
import { parseSettings } from '../src/settings.js';
import { type Answer, call } from './caller.testing.js';
import { testServer, type TestServer } from './server.testing.js';

const read = {
  action: { name: 'database:read', properties: { limit: 50 } },
  resource: { type: 'table', id: 'orders' },
  context: { riskScore: 10 },
};

describe('an agent that is stopped', () => {
  let server: TestServer;
  let officer: string;

  beforeAll(async () => {
    server = await testServer();
    officer = server.tokenFor({});
    await ensureDemo(server.app, parseSettings({ DATABASE_URL: server.databaseUrl, LEXECON_DATA_DIR: server.folder }));
  }, 60_000);
  afterAll(() => server.close());

  const registered = async (name: string): Promise<{ id: string; key: string }> => {
    const body = { type: 'agent', name, owner: 'team', purpose: 'tests', roles: ['support-agent'] };
    const { body: actor } = await call(server, 'POST', '/api/v1/agents', { token: officer, body });
    const id = String(actor['id']);
    const issued = await call(server, 'POST', `/api/v1/agents/${id}/keys`, { token: officer, body: {} });
    return { id, key: String(issued.body['key']) };
  };
  const decide = (token: string): Promise<Answer> => call(server, 'POST', '/api/v1/decisions', { token, body: read });

  it('gets no permit that was decided a moment before it was disabled: the ledger refuses it, and denies instead', async () => {
    const { id, key } = await registered('late-bot');
    expect((await decide(key)).body['outcome']).toBe('permit');
    const ledger = server.app.get(LedgerService, { strict: false });
    const append = ledger.append.bind(ledger);
    let appended = 0;
    ledger.append = async (...given) => {
      appended += 1;
      if (appended === 1) {
        const change = { token: officer, body: { status: 'disabled' } };
        expect((await call(server, 'PATCH', `/api/v1/agents/${id}`, change)).status).toBe(200);
      }
      return append(...given);
    };
    try {
      const { status, body } = await decide(key);
      expect([status, body['outcome'], appended]).toEqual([200, 'deny', 2]);
    } finally {
      ledger.append = append;
    }
  });
});
