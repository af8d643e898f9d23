import { HOTP, Secret } from 'otpauth';
import { IdentityBootstrap } from '@lexecon/identity';
import { testServer, type TestServer } from './server.testing.js';

const PASSWORD = 'correct horse battery staple';
const setupToken = 'setup-token-of-at-least-32-characters';
const endsAt = new Date(Date.now() + 90 * 24 * 3_600_000).toISOString();
const terms = { justification: 'runs the platform', ticket: 'IAM-1042', endsAt };

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

describe('the people of a deployment', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await testServer();
    await server.app.get(IdentityBootstrap).offerSetup(setupToken);
  }, 60_000);
  afterAll(() => server.close(), 30_000);

  async function send(method: string, path: string, body?: object, token?: string): Promise<Answer> {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] };
  }
  const textOf = ({ status, body }: Answer, name: string): string => {
    const value = body[name];
    if (typeof value !== 'string') throw new Error(`no ${name} in ${String(status)} ${JSON.stringify(body)}`);
    return value;
  };
  const codeAt = (secret: string, step: number): string =>
    HOTP.generate({ secret: Secret.fromBase32(secret), counter: Math.floor(Date.now() / 30_000) + step });
  const secretOf = (answer: Answer): string => new URL(textOf(answer, 'uri')).searchParams.get('secret') ?? '';

  /** From an invitation to a session. */
  async function activated(invitation: string): Promise<{ readonly token: string; readonly secret: string }> {
    const begun = await send('POST', '/auth/activate', { token: invitation, password: PASSWORD });
    const secret = secretOf(begun);
    const confirmed = await send('POST', '/auth/totp', {
      enrolment: textOf(begun, 'enrolment'),
      code: codeAt(secret, -1),
    });
    return { token: textOf(confirmed, 'token'), secret };
  }
  async function signedIn(email: string, password: string, secret: string, step = 0): Promise<string> {
    const login = await send('POST', '/auth/login', { email, password });
    const challenge = textOf(login, 'challenge');
    return textOf(await send('POST', '/auth/second-factor', { challenge, code: codeAt(secret, step) }), 'token');
  }

  it('are invited, given roles for a time, disabled, helped with a password, and deleted; the envelope opens when all else fails', async () => {
    const setup = await send('POST', '/auth/setup', {
      token: setupToken,
      email: 'first@example.com',
      password: PASSWORD,
    });
    const enrolled = await send('POST', '/auth/totp', {
      enrolment: textOf(setup, 'enrolment'),
      code: codeAt(secretOf(setup), -1),
    });
    const first = textOf(enrolled, 'token');
    const invite = (email: string, roles: readonly string[]): Promise<Answer> =>
      send('POST', '/users', { email, roles, ...terms }, first);

    const invitedSecond = await invite('second@example.com', ['admin']);
    const second = await activated(textOf(invitedSecond, 'invitation'));
    const secondId = textOf(invitedSecond, 'id');
    const third = await invite('third@example.com', ['admin']);
    expect([third.status, third.body['type']]).toEqual([409, 'urn:lexecon:problem:too-many-administrators']);

    const invited = await invite('ada@example.com', ['auditor']);
    const id = textOf(invited, 'id');
    const ada = await activated(textOf(invited, 'invitation'));
    const grant = await send('POST', `/users/${id}/grants`, { role: 'operator', ...terms }, second.token);
    expect([grant.status, grant.body['grantedBy'], grant.body['active']]).toEqual([201, secondId, true]);
    const own = await send('POST', `/users/${secondId}/grants`, { role: 'auditor', ...terms }, second.token);
    expect([own.status, own.body['type']]).toEqual([403, 'urn:lexecon:problem:own-grant']);
    const read = await send('GET', `/users/${id}`, undefined, first);
    expect(read.body['roles']).toEqual(['auditor', 'operator']);
    const ended = `/users/${id}/grants/${textOf(grant, 'id')}`;
    expect((await send('DELETE', ended, { reason: 'rotation' }, first)).status).toBe(204);

    expect((await send('GET', '/users', undefined, ada.token)).status).toBe(200);
    expect((await send('POST', `/users/${id}/disable`, { reason: 'laptop stolen' }, first)).status).toBe(200);
    expect((await send('GET', '/users', undefined, ada.token)).status).toBe(401);
    expect((await send('POST', `/users/${id}/enable`, { reason: 'laptop found' }, first)).status).toBe(200);
    const reset = await send('POST', `/users/${id}/reset`, { reason: 'may be known to a thief' }, first);
    const chosen = { token: textOf(reset, 'token'), password: 'seven unlikely herons disagree' };
    expect((await send('POST', '/auth/password/reset', chosen)).status).toBe(204);
    const adaAgain = await signedIn('ada@example.com', chosen.password, ada.secret);
    const weak = await send(
      'POST',
      '/auth/password',
      { current: chosen.password, password: 'LexeconLexecon2026' },
      adaAgain,
    );
    expect([weak.status, weak.body['errors']]).toEqual([422, [expect.objectContaining({ pointer: '/password' })]]);
    const next = { current: chosen.password, password: 'four improbable otters waltzing' };
    expect((await send('POST', '/auth/password', next, adaAgain)).status).toBe(204);
    expect((await send('GET', '/users', undefined, adaAgain)).status).toBe(200);
    expect((await send('DELETE', `/users/${id}`, { reason: 'asked for it' }, first)).status).toBe(204);
    expect((await send('GET', '/users', undefined, adaAgain)).status).toBe(401);
    const gone = await send('GET', `/users/${id}`, undefined, first);
    expect([gone.body['status'], JSON.stringify(gone.body).includes('ada@')]).toEqual(['deleted', false]);

    const sealed = await send('POST', '/users/break-glass', terms, first);
    expect(sealed.status).toBe(201);
    const glass = await signedIn(textOf(sealed, 'email'), textOf(sealed, 'password'), textOf(sealed, 'totpSecret'));
    expect((await send('POST', `/users/${secondId}/disable`, { reason: 'taken over' }, glass)).status).toBe(200);
    await untilLogged('break-glass-used');
    const uses = (await send('GET', '/users/break-glass/uses', undefined, first)).body['items'] as readonly {
      readonly id: string;
    }[];
    expect(uses).toHaveLength(1);
    const review = { reason: 'both administrators were on one plane', verdict: 'justified', usedBy: secondId };
    const path = `/users/break-glass/uses/${uses[0]?.id ?? ''}/review`;
    const byItself = await send('POST', path, review, glass);
    expect([byItself.status, byItself.body['type']]).toEqual([403, 'urn:lexecon:problem:own-use']);
    expect((await send('POST', path, review, first)).status).toBe(200);
    expect((await send('POST', '/users/break-glass', terms, first)).status).toBe(201);
    expect((await send('GET', '/users', undefined, glass)).status).toBe(401);
  }, 60_000);

  async function untilLogged(event: string): Promise<void> {
    const lines = (): readonly string[] => server.log().filter((line) => line.includes(event));
    for (let i = 0; i < 100 && lines().length === 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(lines().map((line) => (JSON.parse(line) as { readonly level: unknown }).level)).toEqual(['error']);
  }
});
