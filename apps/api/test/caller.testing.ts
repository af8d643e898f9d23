import { HOTP, Secret } from 'otpauth';
import { IdentityBootstrap, type keyRoles } from '@lexecon/identity';
import type { TestServer } from './server.testing.js';

export const PASSWORD = 'a long enough password';
const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const PERIOD_MS = 30_000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address the request comes from. */
  readonly from?: string;
}

/** One request to the running server, without a socket. */
export async function call({ app }: TestServer, method: string, url: string, sent: Sent = {}): Promise<Answer> {
  const { token, body, headers = {}, from } = sent;
  const answer = await app.inject({
    method: method as 'GET',
    url,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    ...(from === undefined ? {} : { remoteAddress: from }),
  });
  const text = answer.body;
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    body: objectOf(String(answer.headers['content-type']), text),
  };
}

const objectOf = (type: string, text: string): Readonly<Record<string, unknown>> =>
  /^application\/((problem|scim)\+)?json/.test(type) ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : {};

/** An active person with these roles, who has a password and an authenticator app. */
export async function personWith({ app }: TestServer, email: string, roles: readonly string[]): Promise<void> {
  await app.get(IdentityBootstrap).ensurePerson({
    email,
    password: PASSWORD,
    totpSecret: SECRET,
    roles,
    justification: 'calls in a test',
  });
}

/** The code their app shows; `turn` −1 to 1 picks the one before or after, for somebody who signs in several times within 30 s. */
export const codeAt = (turn = 0, secret = SECRET): string =>
  HOTP.generate({ secret: Secret.fromBase32(secret), counter: Math.floor(Date.now() / PERIOD_MS) + turn });

/** Signs in as a person does, with both factors; the session's token. Codes of earlier `turn`s are not used, so that somebody can
 *  sign in again; one that has just run out is followed by the next. */
export async function signedIn(server: TestServer, email: string, turn = 0): Promise<string> {
  const login = await call(server, 'POST', '/api/v1/auth/login', { body: { email, password: PASSWORD } });
  const body = { challenge: login.body['challenge'], code: codeAt(turn) };
  const done = await call(server, 'POST', '/api/v1/auth/second-factor', { body });
  return done.status === 401 && turn < 1 ? signedIn(server, email, turn + 1) : tokenIn(done);
}

/** The first administrator's session. */
export async function setupSession(server: TestServer): Promise<string> {
  const token = `setup token ${'x'.repeat(32)}`;
  await server.app.get(IdentityBootstrap).offerSetup(token);
  const body = { token, email: 'first@lexecon.example', password: PASSWORD };
  return tokenIn(await call(server, 'POST', '/api/v1/auth/setup', { body }));
}

/** An API key of a newly registered actor, given by somebody who may. */
export async function keyOf(server: TestServer, name: string, role: (typeof keyRoles)[number]): Promise<string> {
  const token = server.tokenFor({});
  const body = { type: 'service', name, owner: 'team', purpose: 'calls in a test', roles: [role] };
  const actor = await call(server, 'POST', '/api/v1/agents', { token, body });
  const keys = `/api/v1/agents/${String(actor.body['id'])}/keys`;
  const issued = await call(server, 'POST', keys, { token, body: { role } });
  return textIn(issued, 'key');
}

const tokenIn = (answer: Answer): string => textIn(answer, 'token');

function textIn(answer: Answer, member: string): string {
  const value = answer.body[member];
  if (typeof value !== 'string') throw new Error(`no ${member} in ${String(answer.status)} ${answer.text}`);
  return value;
}

/** Invites somebody; what they were sent. */
export async function invitationOf(server: TestServer, email: string, role: string): Promise<string> {
  const endsAt = new Date(Date.now() + 7 * 86_400_000).toISOString();
  const body = { email, roles: [role], justification: 'calls in a test', ticket: 'TEST-1', endsAt };
  return textIn(await call(server, 'POST', '/api/v1/users', { token: server.tokenFor({}), body }), 'invitation');
}
