import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { noteVerifier } from '@lexecon/crypto';
import { parseApiKey } from '@lexecon/identity';
import { LedgerService } from '@lexecon/ledger';
import { openReceipt, type Receipt } from '@lexecon/ledger/core';
import { ensureDemo } from '../src/demo.js';
import { parseSettings } from '../src/settings.js';
import { testServer, type TestServer } from './server.testing.js';

interface Answer {
  readonly id: string;
  readonly outcome: string;
  readonly reason: string;
  readonly rules: readonly { readonly rule: string }[];
  readonly obligations: readonly { readonly name: string }[];
  readonly policySet: string;
  readonly review: { readonly id: string } | null;
  readonly receipt: Receipt;
}

const read = {
  actor: { type: 'agent', id: 'support-bot', onBehalfOf: { type: 'user', id: 'u-1842' } },
  action: { name: 'database:read', properties: { limit: 50 } },
  resource: { type: 'table', id: 'orders' },
  context: { dataClasses: ['pii'], riskScore: 42 },
};
const exported = { ...read, action: { name: 'database:export' } };
const dropped = { ...read, action: { name: 'database:drop' } };

describe('an agent platform asks for decisions', () => {
  let server: TestServer;
  let key: string;
  let officer: string;

  beforeAll(async () => {
    server = await testServer();
    const settings = parseSettings({ DATABASE_URL: server.databaseUrl, LEXECON_DATA_DIR: server.folder });
    key = await ensureDemo(server.app, settings);
    officer = server.tokenFor({});
  }, 60_000);
  afterAll(async () => {
    await server.close();
  });

  const call = async (path: string, init: RequestInit & { token?: string } = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      ...init,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${init.token ?? key}`, ...init.headers },
    });
  const ask = (body: unknown, headers: Record<string, string> = {}, path = '/api/v1/decisions'): Promise<Response> =>
    call(path, { method: 'POST', body: JSON.stringify(body), headers });
  const decide = async (body: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
    const response = await ask(body, headers);
    expect(response.status).toBe(200);
    return (await response.json()) as Answer;
  };

  it('gets each of the three outcomes with a receipt that opens', async () => {
    expect(parseApiKey(key)).not.toBeNull();
    const vkeys = await (await call('/api/v1/ledger/keys', { headers: { accept: 'text/plain' } })).text();
    const verifiers = vkeys.trim().split('\n').map(noteVerifier);
    const answers = [await decide(read), await decide(exported), await decide(dropped)];
    expect(answers.map((answer) => answer.outcome)).toEqual(['permit', 'escalate', 'deny']);
    expect(answers.map((answer) => answer.rules[0]?.rule)).toEqual(['read-orders', 'bulk-export', 'no-drop']);
    expect(answers[0]?.obligations).toEqual([{ name: 'mask-fields', parameters: { fields: ['email'] } }]);
    for (const { receipt, outcome } of answers) {
      expect(openReceipt(receipt, verifiers).kind).toBe('decision');
      expect(receipt.opening.public).toMatchObject({ outcome, actor: { type: 'agent', id: 'support-bot' } });
      expect(JSON.stringify(receipt.opening.public)).not.toContain('u-1842');
    }
  });

  it('opens a review with an escalation, and shows it to reviewers', async () => {
    const { review, id } = await decide(exported);
    const response = await call(`/api/v1/reviews/${String(review?.id)}`, { token: officer });
    expect(await response.json()).toMatchObject({ decision: id, status: 'pending', roles: ['reviewer'], quorum: 1 });
    const pending = await call('/api/v1/reviews?status=pending&limit=100', { token: officer });
    const { items } = (await pending.json()) as { items: readonly { id: string }[] };
    expect(items.map((item) => item.id)).toContain(review?.id);
  });

  it('gets the same answer for the same idempotency key, also when both requests come at once', async () => {
    const headers = { 'idempotency-key': 'order-17' };
    const [first, second] = await Promise.all([decide(read, headers), decide(read, headers)]);
    const later = await decide(read, headers);
    expect(second).toEqual(first);
    const { index: _, ...receipt } = later.receipt;
    expect({ ...later, receipt: { ...receipt, index: null } }).toEqual(first);
    expect((await ask(exported, headers)).status).toBe(409);
  });

  it('records one decision when the same key reaches two processes', async () => {
    const twin = await testServer({}, server);
    try {
      const answers = await Promise.all(
        [server.url, twin.url, server.url, twin.url].map(async (url) => {
          const response = await fetch(`${url}/api/v1/decisions`, {
            method: 'POST',
            body: JSON.stringify(read),
            headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'idempotency-key': 'twins' },
          });
          return ((await response.json()) as Answer).id;
        }),
      );
      expect(new Set(answers).size).toBe(1);
    } finally {
      await twin.close();
    }
  }, 60_000);

  it('gets no permit again, by the key it came with, once the kill switch was used; a denial it does', async () => {
    const [permit, denial] = [{ 'idempotency-key': 'before-kill' }, { 'idempotency-key': 'denied-before-kill' }];
    expect((await decide(read, permit)).outcome).toBe('permit');
    const denied = await decide(dropped, denial);
    const ledger = server.app.get(LedgerService);
    await server.app.get(DataSource).transaction((tx) => ledger.advanceEpoch(tx, 'kill'));
    const again = await ask(read, permit);
    expect([again.status, await again.json()]).toMatchObject([409, { type: 'urn:lexecon:problem:permit-superseded' }]);
    expect((await decide(dropped, denial)).id).toBe(denied.id);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const anew = { 'idempotency-key': 'after-kill' };
    expect((await decide(read, anew)).id).toBe((await decide(read, anew)).id);
  });

  it('gets a batch answered in order, out of one ledger batch', async () => {
    const response = await ask({ requests: [dropped, read, exported] }, {}, '/api/v1/decisions/batch');
    const { decisions } = (await response.json()) as { decisions: readonly Answer[] };
    expect(decisions.map((decision) => decision.outcome)).toEqual(['deny', 'permit', 'escalate']);
    expect(new Set(decisions.map((decision) => decision.receipt.batch)).size).toBe(1);
  });

  it('can wait for the place in the log and its proof', async () => {
    const { id, receipt } = await decide(read, { prefer: 'wait=proof' });
    expect(receipt.index).toEqual(expect.any(Number));
    expect(receipt.proof?.checkpoint).toContain('lexecon.local/');
    const again = (await (await call(`/api/v1/decisions/${id}/receipt`)).json()) as Receipt;
    expect(again.index).toBe(receipt.index);
    const file = await call(`/api/v1/decisions/${id}/receipt`, { headers: { accept: 'text/plain' } });
    expect(await file.text()).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra /);
  });

  it('finds decisions by actor, person, outcome, policy and time, newest first', async () => {
    const { id } = await decide(dropped);
    const find = async (query: string): Promise<readonly { id: string; outcome: string }[]> =>
      ((await (await call(`/api/v1/decisions?${query}`, { token: officer })).json()) as { items: Answer[] }).items;
    expect((await find('actor=support-bot&outcome=deny&limit=1'))[0]?.id).toBe(id);
    expect((await find('actor=u-1842&outcome=deny'))[0]?.id).toBe(id);
    expect((await find('policy=production-safety')).every((item) => item.outcome === 'deny')).toBe(true);
    expect(await find('actor=nobody')).toEqual([]);
    expect(await find('to=2020-01-01T00:00:00Z')).toEqual([]);
    const [first] = await find('limit=1');
    const page = (await (await call('/api/v1/decisions?limit=1', { token: officer })).json()) as { next: string };
    expect((await find(`limit=1&cursor=${page.next}`))[0]?.id).not.toBe(first?.id);
  });

  it('has a decision explained and replayed from its record', async () => {
    const { id, policySet } = await decide(dropped);
    const explanation = await (await call(`/api/v1/decisions/${id}/explanation`, { token: officer })).json();
    expect(explanation).toMatchObject({ outcome: 'deny' });
    expect(JSON.stringify(explanation)).toContain('no-drop');
    const replay = await call(`/api/v1/decisions/${id}/replay`, { method: 'POST', token: officer });
    expect(await replay.json()).toMatchObject({ result: 'same', recorded: { outcome: 'deny' } });
    const whole = await (await call(`/api/v1/decisions/${id}`, { token: officer })).json();
    expect(whole).toMatchObject({ id, outcome: 'deny', policySet, reason: 'Nobody drops data in production' });
  });

  it('cannot ask for others without being a gateway, and sees only its own receipts', async () => {
    const agent = server.tokenFor({
      kind: 'agent',
      name: 'support-bot',
      permissions: new Set(['decision:make', 'receipt:read'] as const),
    });
    const other = { ...read, actor: { type: 'agent', id: 'another-bot' } };
    expect(
      (await call('/api/v1/decisions', { method: 'POST', body: JSON.stringify(other), token: agent })).status,
    ).toBe(403);
    const { id } = await decide(read);
    expect((await call(`/api/v1/decisions/${id}/receipt`, { token: agent })).status).toBe(404);
  });

  it('denies what no policy permits, an unregistered actor among it', async () => {
    const unknown = { ...read, actor: { type: 'agent', id: 'stranger' } };
    const answer = await decide(unknown);
    expect(answer).toMatchObject({ outcome: 'deny', actor: { type: 'agent', id: 'stranger' } });
    expect(answer.receipt.opening.public).toMatchObject({ actor: { type: 'agent' } });
    expect(JSON.stringify(answer.receipt.opening.public)).not.toContain('stranger');
  });

  it('refuses bad input by naming the field', async () => {
    for (const [body, pointer] of [
      [{ ...read, action: undefined }, '/action'],
      [{ ...read, action: { name: '' } }, '/action/name'],
      [{ ...read, context: { riskScore: 101 } }, '/context/riskScore'],
      [{ ...read, extra: 1 }, '/extra'],
    ] as const) {
      const response = await ask(body);
      expect(response.status).toBe(422);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(((await response.json()) as { errors: { pointer: string }[] }).errors[0]?.pointer).toBe(pointer);
    }
    expect((await ask(read, { 'idempotency-key': 'a b' })).status).toBe(400);
  });

  it('may have policies of more than a thousand rules', async () => {
    const rules = Array.from({ length: 1_500 }, (_, i) => ({
      id: `rule-${String(i)}`,
      effect: 'permit',
      actions: [`system:do-${String(i)}`],
      resources: { types: ['table'] },
    }));
    const source = JSON.stringify({
      apiVersion: 'lexecon.dev/v1',
      kind: 'Policy',
      name: 'many',
      mode: 'strict',
      rules,
    });
    expect(source.length).toBeGreaterThan(100_000);
    const body = JSON.stringify({ source });
    const response = await call('/api/v1/policies/validate', { method: 'POST', token: officer, body });
    expect(await response.json()).toMatchObject({ valid: true });
  });

  it('keeps no personal data in the open in the database', async () => {
    await decide({ ...read, actor: { type: 'user', id: 'canary-person' }, context: { intent: 'canary-intent' } });
    const client = new Client({ connectionString: server.databaseUrl });
    await client.connect();
    try {
      const tables = await client.query<{ t: string }>(
        `SELECT format('%I.%I', schemaname, tablename) AS t FROM pg_tables WHERE schemaname IN ('ledger', 'decision', 'oversight', 'vault')`,
      );
      for (const { t } of tables.rows) {
        const { rows } = await client.query<{ text: string; hex: string }>(
          `SELECT row_to_json(x)::text AS text FROM ${t} x`,
        );
        const all = rows.map((row) => row.text).join('\n');
        for (const canary of ['canary-person', 'canary-intent', 'u-1842']) {
          expect(all).not.toContain(canary);
          expect(all).not.toContain(Buffer.from(canary).toString('hex'));
        }
      }
    } finally {
      await client.end();
    }
  });

  it('gets a 503 without an outcome when nothing can be recorded', async () => {
    const client = new Client({ connectionString: server.databaseUrl });
    await client.connect();
    try {
      await client.query('ALTER TABLE ledger.batch RENAME TO batch_away');
      const response = await ask(read);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await response.json()).not.toHaveProperty('outcome');
    } finally {
      await client.query('ALTER TABLE ledger.batch_away RENAME TO batch');
      await client.end();
    }
    expect((await decide(read)).outcome).toBe('permit');
  });
});
