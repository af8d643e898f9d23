import { request } from 'node:http';
import { connect } from 'node:net';
import { documentOf } from '../src/openapi.js';
import { matrixOf } from '../src/permission.matrix.js';
import { routesOf } from '../src/route.list.js';
import { type Answer, call, codeAt, invitationOf, keyOf, PASSWORD, personWith, signedIn } from './caller.testing.js';
import { exampleOf, operationsOf } from './request.testing.js';
import { type TestServer, testServer } from './server.testing.js';

const NOWHERE = '01890000-0000-7000-8000-000000000009';
const READER = 'reader@lexecon.example';

/** The status that a server answers to bytes that no HTTP client would send; 0 when it closes the connection without one. */
function statusOfBytes(url: string, bytes: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => (answer += part));
    socket.on('close', () => {
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0));
    });
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('error', reject);
  });
}

/** The status for an address that is sent as it is written, dot segments and all. */
function statusOf(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      answer.resume().on('end', () => {
        resolve(answer.statusCode ?? 0);
      });
    });
    sent.on('error', reject).end();
  });
}

describe('an attacker', () => {
  let server: TestServer;
  let reader: string;
  let key: string;

  beforeAll(async () => {
    server = await testServer({ LOG_LEVEL: 'error' });
    await personWith(server, READER, ['auditor']);
    reader = await signedIn(server, READER, -1);
    key = await keyOf(server, 'attacker', 'agent');
  }, 60_000);
  afterAll(() => server.close());

  describe('with the headers of a request', () => {
    const READ = 'GET /api/v1/decisions HTTP/1.1\r\nHost: lexecon.example\r\nConnection: close\r\n';
    const sending = (...lines: readonly string[]): Promise<number> =>
      statusOfBytes(server.url, `${READ}${lines.map((line) => `${line}\r\n`).join('')}\r\n`);

    it('comes in by one Authorization header, whatever the case of its scheme', async () => {
      expect(await sending(`Authorization: Bearer ${reader}`)).toBe(200);
      expect(await sending(`authorization: bearer ${reader}`)).toBe(200);
      expect(await sending(`AUTHORIZATION:BEARER ${reader}  `)).toBe(200);
    });

    it('does not come in by two of them, so that nobody can disagree about which one counts', async () => {
      const [good, bad] = [`Authorization: Bearer ${reader}`, `Authorization: Bearer ${'x'.repeat(47)}`];
      for (const lines of [
        [good, bad],
        [bad, good],
        [good, good],
        [good, `authorization: Bearer ${key}`],
      ])
        expect(await sending(...lines)).toBe(400);
    });

    it('does not come in by a header that only looks like one', async () => {
      const refused = [
        `Authorization: Bearer\t${reader}`,
        `Authorization: Bearer  ${reader}`,
        `Authorization: Bearer ${reader} x`,
        `Authorization: Bearer ${reader},`,
        `Authorization: Bearer "${reader}"`,
        `Authorization: Bearer\u00a0${reader}`,
        `Authorization: Basic ${Buffer.from(`${READER}:${PASSWORD}`).toString('base64')}`,
        `Authorization: ${reader}`,
        `Proxy-Authorization: Bearer ${reader}`,
        `X-Authorization: Bearer ${reader}`,
        `X-Original-Authorization: Bearer ${reader}`,
        `X-Forwarded-User: ${READER}`,
        `X-Api-Key: ${key}`,
        `Cookie: authorization=Bearer ${reader}; token=${reader}; session=${reader}`,
      ];
      for (const line of refused) expect([line, await sending(line)]).toEqual([line, 401]);
    });

    it('does not come in by bytes that are no HTTP', async () => {
      const refused = [
        `Authorization: Bearer ${reader}\0`,
        `Authorization: Bearer \0${reader}`,
        `Authorization : Bearer ${reader}`,
        `Authorization\0: Bearer ${reader}`,
        `Authorization: Bearer\n ${reader}`,
        `Accept: x\rAuthorization: Bearer ${reader}`,
        'Content-Length: 0\r\nTransfer-Encoding: chunked',
        'Content-Length: 3\r\nContent-Length: 4',
        'Transfer-Encoding: chunked, identity',
        'Content-Length: -1',
      ];
      for (const line of refused) expect([line, [400, 401].includes(await sending(line))]).toEqual([line, true]);
    });

    it('is stopped at headers without end, before anybody reads them', async () => {
      expect(await sending(`Authorization: Bearer ${'x'.repeat(100_000)}`)).toBe(431);
      expect(await sending(...Array.from({ length: 3_000 }, (_, n) => `X-${String(n)}: x`))).toBe(431);
      expect(await sending(`Authorization: Bearer lxs_${'x'.repeat(8_000)}`)).toBe(401);
      expect(await sending(`Authorization: Bearer ${reader}`)).toBe(200);
    });

    it('cannot turn one method into another', async () => {
      const path = `/api/v1/agents/${NOWHERE}`;
      const known = { authorization: `Bearer ${reader}` };
      for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
        expect(await statusOf(server.url, 'POST', path, { ...known, [name]: 'GET' })).toBe(404);
        expect(await statusOf(server.url, 'GET', '/api/v1/users', { ...known, [name]: 'POST' })).toBe(200);
      }
      expect(await statusOf(server.url, 'POST', `${path}?_method=GET`, known)).toBe(404);
    });

    it('gets nothing by methods that nobody declared', async () => {
      for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'PUT', 'QUERY']) {
        const status = await statusOf(server.url, method, '/api/v1/users', {});
        expect([method, [400, 401, 404, 405].includes(status)]).toEqual([method, true]);
      }
      expect(await statusOfBytes(server.url, `TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).not.toBe(200);
      expect(await statusOfBytes(server.url, `CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n`)).not.toBe(200);
      expect(await statusOfBytes(server.url, `get /api/v1/users HTTP/1.1\r\nHost: a\r\n\r\n`)).toBe(400);
    });
  });

  describe('with the address of a request', () => {
    /** Other ways to write a path, which some proxies and routers take for the same one. */
    const spellings = (path: string): readonly string[] => {
      const [, first = '', ...rest] = path.split('/');
      const [last = '', ...before] = path.split('/').reverse();
      const front = before.toReversed().join('/');
      return [
        `/${path}`,
        `//${path}`,
        `/${first}//${rest.join('/')}`,
        `${path}/`,
        `${path}//`,
        `${path}/.`,
        `${path}/..;/`,
        `${path}.`,
        `${path}..`,
        `${path}.json`,
        `${path};a=b`,
        `${path}%20`,
        `${path}%09`,
        `${path}%00`,
        `${path}%2f`,
        `${path}%3f`,
        `${path}%23`,
        `${path}?`,
        `${path}?public=true&access=public&_method=GET`,
        `${front}/./${last}`,
        `${front}/x/../${last}`,
        `${front}%2f${last}`,
        `${front}%5c${last}`,
        `${front}\\${last}`,
        `/health/live/..${path}`,
        `/health/..${path}`,
        `/health/%2e%2e${path}`,
        `/docs/..${path}`,
        `/docs/%2e%2e%2f${path.slice(1)}`,
        `/%61${path.slice(2)}`,
        path.toUpperCase(),
        `http://lexecon.example${path}`,
        `http://lexecon.example:80//${path}`,
      ];
    };
    const guarded = () =>
      matrixOf(routesOf(server.app))
        .map((row) => ({ ...row, method: row.route.split(' ')[0] ?? '', path: row.route.split(' ')[1] ?? '' }))
        .filter(({ cells }) => cells['no credentials'] === '401');

    async function passed(may: (row: ReturnType<typeof guarded>[number]) => boolean, headers: Record<string, string>) {
      const rows = guarded().filter((row) => !may(row));
      const tried = rows.flatMap(({ method, path }) =>
        spellings(path.replaceAll(/\{\w+\}/g, NOWHERE)).map((spelling) => ({ method, spelling })),
      );
      const found: string[] = [];
      for (let at = 0; at < tried.length; at += 20)
        await Promise.all(
          tried.slice(at, at + 20).map(async ({ method, spelling }) => {
            const status = await statusOf(server.url, method, spelling, headers);
            const unreadable = status === 422 && spelling.includes('%00');
            if (![400, 401, 403, 404].includes(status) && !unreadable)
              found.push(`${method} ${spelling}: ${String(status)}`);
          }),
        );
      expect(tried.length).toBeGreaterThan(500);
      return found;
    }

    it('does not get around the guard without credentials', async () => {
      expect(await passed(() => false, {})).toEqual([]);
    });

    it('does not get around the guard with the key of an agent', async () => {
      const headers = { authorization: `Bearer ${key}` };
      expect(await passed(({ cells }) => cells['agent key'] === 'yes', headers)).toEqual([]);
    });
  });

  describe('with a body', () => {
    it('sets no member that a route does not declare', async () => {
      const document = documentOf(server.app);
      const token = server.tokenFor({});
      const tried: string[] = [];
      const taken: string[] = [];
      for (const { name, method, path, body } of operationsOf(document)) {
        const example = body && !IGNORES_UNKNOWN.test(path) ? exampleOf(body, document) : undefined;
        if (typeof example !== 'object' || example === null) continue;
        const url = path.replaceAll(/\{\w+\}/g, NOWHERE);
        for (const member of ['id', 'isAdmin', 'permissions']) {
          tried.push(name);
          const { status, text } = await call(server, method, url, {
            token,
            body: { ...example, [member]: ['admin'] },
          });
          if (status !== 422 || !text.includes(`"/${member}"`))
            taken.push(`${name} ${member}: ${String(status)} ${text}`);
        }
      }
      expect(new Set(tried).size).toBeGreaterThan(10);
      expect(taken).toEqual([]);
    });

    it('does not reach a prototype', async () => {
      const token = server.tokenFor({});
      const send = async (payload: string): Promise<number> => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        return (await server.app.inject({ method: 'POST', url: '/api/v1/agents', headers, payload })).statusCode;
      };
      for (const payload of [
        '{"__proto__":{"permissions":["user:write"]}}',
        '{"name":"a","attributes":{"__proto__":{"polluted":true}}}',
        '{"name":"a","attributes":{"constructor":{"prototype":{"polluted":true}}}}',
        '{"name":"a","constructor":{"prototype":{"polluted":true}}}',
      ])
        expect([payload, [400, 422].includes(await send(payload))]).toEqual([payload, true]);
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
    });
  });

  describe('with a secret that was used', () => {
    const post = (path: string, body: unknown): Promise<Answer> =>
      call(server, 'POST', `/api/v1/auth/${path}`, { body });
    const enrolmentOf = (answer: Answer) => ({
      enrolment: String(answer.body['enrolment']),
      secret: /secret=([A-Z2-7]+)/.exec(String(answer.body['uri']))?.[1] ?? '',
    });

    it('gets nothing for an invitation or an enrolment a second time', async () => {
      const token = await invitationOf(server, 'replayed@lexecon.example', 'reviewer');
      const first = await post('activate', { token, password: PASSWORD });
      expect(first.status).toBe(200);
      expect((await post('activate', { token, password: PASSWORD })).status).toBe(401);
      const { enrolment, secret } = enrolmentOf(first);
      expect((await post('totp', { enrolment, code: codeAt(0, secret) })).status).toBe(200);
      for (const turn of [0, 1])
        expect((await post('totp', { enrolment, code: codeAt(turn, secret) })).status).toBe(401);
    });

    it('gets nothing for a challenge or a code a second time', async () => {
      const challenge = async () =>
        String((await post('login', { email: READER, password: PASSWORD })).body['challenge']);
      const [one, other] = [await challenge(), await challenge()];
      expect((await post('second-factor', { challenge: one, code: codeAt(0) })).status).toBe(200);
      expect((await post('second-factor', { challenge: one, code: codeAt(1) })).status).toBe(401);
      expect((await post('second-factor', { challenge: other, code: codeAt(0) })).status).toBe(401);
      expect((await post('second-factor', { challenge: other, code: codeAt(-1) })).status).toBe(401);
    });

    it('gets nothing for a secret in the place of another', async () => {
      const invitation = await invitationOf(server, 'crossed@lexecon.example', 'reviewer');
      const login = await post('login', { email: READER, password: PASSWORD });
      const challenge = String(login.body['challenge']);
      const code = codeAt(1);
      for (const token of [challenge, reader, key])
        expect((await post('activate', { token, password: PASSWORD })).status).toBe(401);
      for (const token of [invitation, reader, key]) {
        expect((await post('second-factor', { challenge: token, code })).status).toBe(401);
        expect((await post('totp', { enrolment: token, code })).status).toBe(401);
      }
      for (const token of [invitation, challenge, code])
        expect((await call(server, 'GET', '/api/v1/users', { token })).status).toBe(401);
      expect((await post('totp', { enrolment: challenge, code })).status).toBe(401);
    });

    it('gets nothing for a session after it ended', async () => {
      await personWith(server, 'leaver@lexecon.example', ['auditor']);
      const token = await signedIn(server, 'leaver@lexecon.example', -1);
      expect((await call(server, 'GET', '/api/v1/users', { token })).status).toBe(200);
      expect((await call(server, 'POST', '/api/v1/auth/logout', { token })).status).toBe(204);
      for (const path of ['/api/v1/users', '/api/v1/decisions'])
        expect((await call(server, 'GET', path, { token })).status).toBe(401);
      expect((await call(server, 'POST', '/api/v1/auth/logout', { token })).status).toBe(401);
    });
  });
});

/** Standards that say that unknown members are to be ignored. */
const IGNORES_UNKNOWN = /^\/(access|scim)\//;
