import { DataSource } from 'typeorm';
import { permissionsOf } from '@lexecon/auth';
import { type Json, noteVerifier } from '@lexecon/crypto';
import { AccessReviewTask } from '@lexecon/identity';
import { checkReport } from '@lexecon/identity/core';
import { type Answer, call, keyOf, personWith, signedIn } from './caller.testing.js';
import { type TestServer, testServer } from './server.testing.js';

interface Item {
  readonly id: string;
  readonly kind: string;
  readonly email: string | null;
  readonly snapshot: { readonly role?: string };
  readonly outcome: string | null;
}

describe('an access review', () => {
  let server: TestServer;
  let officer: string;
  let auditor: string;
  let key: string;
  let review: string;

  beforeAll(async () => {
    server = await testServer();
    await personWith(server, 'officer.canary@leak.example', ['compliance-officer']);
    await personWith(server, 'alice.canary@leak.example', ['reviewer', 'operator']);
    officer = await signedIn(server, 'officer.canary@leak.example');
    auditor = server.tokenFor({ roles: ['auditor'], permissions: permissionsOf(['auditor']) });
    key = await keyOf(server, 'reviewed-service', 'agent');
  }, 60_000);
  afterAll(() => server.close());

  const items = async (query = ''): Promise<readonly Item[]> => {
    const answer = await call(server, 'GET', `/api/v1/access-reviews/${review}?limit=100&${query}`, { token: auditor });
    expect(answer.status).toBe(200);
    return answer.body['items'] as readonly Item[];
  };
  const decide = (item: Item | undefined, decision: string, token = officer): Promise<Answer> =>
    call(server, 'POST', `/api/v1/access-reviews/${review}/items/${item?.id ?? ''}/decision`, {
      token,
      body: { decision, reason: 'canary reason of the officer' },
    });
  const comesIn = async (): Promise<number> => {
    const body = { action: { name: 'a' }, resource: { type: 't', id: 'i' } };
    return (await call(server, 'POST', '/api/v1/decisions', { token: key, body })).status;
  };

  it('is opened by the compliance officer, not by an auditor, nor without a fresh second factor', async () => {
    const body = { name: 'Autumn', dueInDays: 14 };
    expect((await call(server, 'POST', '/api/v1/access-reviews', { token: auditor, body })).status).toBe(403);
    const stale = server.tokenFor({ fresh: false });
    const refused = await call(server, 'POST', '/api/v1/access-reviews', { token: stale, body });
    expect([refused.status, refused.body['type']]).toEqual([403, 'urn:lexecon:problem:step-up-required']);
    const opened = await call(server, 'POST', '/api/v1/access-reviews', { token: officer, body });
    expect(opened.status).toBe(201);
    review = String(opened.body['id']);
    expect(opened.body['counts']).toMatchObject({ undecided: 6 });
    const list = await call(server, 'GET', '/api/v1/access-reviews', { token: auditor });
    expect((list.body['items'] as readonly { id: string }[]).map(({ id }) => id)).toEqual([review]);
  });

  it('shows its items by kind and state', async () => {
    expect((await items('kind=grant')).map(({ snapshot }) => snapshot.role).sort()).toEqual([
      'auditor',
      'compliance-officer',
      'operator',
      'reviewer',
    ]);
    expect(await items('kind=key&outcome=undecided')).toHaveLength(1);
    expect(await items('outcome=revoked')).toEqual([]);
  });

  it('takes decisions of somebody else than the person concerned, once', async () => {
    const all = await items();
    const own = all.find(({ email }) => email?.startsWith('officer'));
    expect((await decide(own, 'confirm')).body['type']).toBe('urn:lexecon:problem:not-the-reviewer');
    const operator = all.find(({ snapshot }) => snapshot.role === 'operator');
    expect((await decide(operator, 'confirm')).body).toMatchObject({ outcome: 'confirmed' });
    expect((await decide(operator, 'revoke')).status).toBe(409);
  });

  it('refuses a key that was revoked in it at once', async () => {
    expect(await comesIn()).toBe(200);
    expect((await decide((await items('kind=key'))[0], 'revoke')).status).toBe(200);
    expect(await comesIn()).toBe(401);
  });

  it('takes back at the due date what nobody confirmed, and its reviewer’s own role with it', async () => {
    const due = new Date(Date.now() + 14 * 24 * 3_600_000);
    await server.app.get(AccessReviewTask, { strict: false }).run(due);
    const states = (await items()).map(({ snapshot, kind, outcome }) => `${snapshot.role ?? kind} ${String(outcome)}`);
    expect(states.sort()).toEqual([
      'agent revoked',
      'agent revoked-automatically',
      'auditor revoked-automatically',
      'compliance-officer revoked-automatically',
      'operator confirmed',
      'reviewer revoked-automatically',
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await call(server, 'GET', '/api/v1/access-reviews', { token: officer })).status).toBe(403);
  });

  it('ends in a report that verifies with the published keys and stands in the ledger by its hash', async () => {
    const answer = await call(server, 'GET', `/api/v1/access-reviews/${review}/report`, { token: auditor });
    const keys = await call(server, 'GET', '/api/v1/ledger/keys', { headers: { accept: 'text/plain' } });
    const verifiers = keys.text.trimEnd().split('\n').map(noteVerifier);
    const origin = checkReport(answer.body['report'] as Json, String(answer.body['note']), verifiers);
    expect(origin).toBe('lexecon.local');
    const events = await call(server, 'GET', '/api/v1/access-events?event=access-review-closed', { token: auditor });
    const [closed] = events.body['items'] as readonly { id: string; public: Record<string, unknown> }[];
    expect(closed).toMatchObject({
      id: answer.body['entry'],
      public: { accessReview: review, report: `sha256:${String(answer.body['sha256'])}` },
    });
    expect(JSON.stringify(answer.body['report'])).not.toContain('canary');
    expect(Object.values(answer.body['people'] as object)).toContain('alice.canary@leak.example');
  });

  it('left nobody’s name, address or words where anybody could read them', async () => {
    const [{ open } = { open: '' }] = await server.app
      .get(DataSource)
      .query<{ open: string }[]>(
        `SELECT string_agg(encode(body, 'escape'), '') AS open FROM ledger.payload WHERE body IS NOT NULL`,
      );
    expect(open).toContain('access-review-decided');
    expect(open).not.toContain('canary');
    expect(server.log().join('')).not.toContain('canary');
  });
});
