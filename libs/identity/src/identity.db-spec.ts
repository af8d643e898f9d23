import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, ValidationPipe } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { HOTP, Secret } from 'otpauth';
import { z } from 'zod';
import {
  Authenticator,
  AuthModule,
  Caller,
  type Principal,
  ProblemError,
  Requires,
  unprocessable,
} from '@lexecon/auth';
import { DatabaseModule } from '@lexecon/database';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { FlagsModule } from '@lexecon/flags';
import { LedgerModule } from '@lexecon/ledger';
import { ResilienceModule, resilienceSettings } from '@lexecon/resilience';
import { VaultModule } from '@lexecon/vault';
import { KeyService } from './actor/key.service.js';
import { terms } from './identity.testing.js';
import {
  formatApiKey,
  freshApiKey,
  IdentityAuthenticator,
  IdentityBootstrap,
  IdentityModule,
  identitySettings,
} from './index.js';

const PASSWORD = 'correct horse battery staple';
const setupToken = 'setup-token-of-at-least-32-characters';

@Controller('who')
class WhoController {
  @Get()
  @Requires('decision:make')
  who(@Caller() { name, roles }: Principal): object {
    return { name, roles };
  }
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

describe('the identity room over HTTP', () => {
  let database: TestDatabase;
  let app: NestFastifyApplication;
  const folder = mkdtempSync(join(tmpdir(), 'lexecon-identity-'));

  beforeAll(async () => {
    database = await testDatabase();
    const { url } = database;
    const settings = z.object(identitySettings).parse({ PASSWORD_MEMORY_KIB: '7168', PASSWORD_PASSES: '1' });
    const module = await Test.createTestingModule({
      imports: [
        DatabaseModule.with({ url }),
        ResilienceModule.with(z.object(resilienceSettings).parse({})),
        VaultModule.with({ url, keyFile: join(folder, 'vault.json'), deployment: 'log.test', mayCreate: true }),
        LedgerModule.with({
          url,
          origin: 'identity.test',
          guard: `file://${folder}/guard`,
          logKeyFile: join(folder, 'log.key'),
          receiptKeyFile: join(folder, 'receipt.key'),
          mayCreateKeys: true,
        }),
        ResilienceModule.with(z.object(resilienceSettings).parse({})),
        FlagsModule.with({ LEXECON_FLAGS: '' }),
        IdentityModule.with(settings),
        AuthModule.with({ provide: Authenticator, useExisting: IdentityAuthenticator }),
      ],
      controllers: [WhoController],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app.useGlobalPipes(
      new ValidationPipe({
        transform: true,
        whitelist: true,
        forbidNonWhitelisted: true,
        exceptionFactory: (errors) =>
          unprocessable(errors.map(({ property }) => ({ pointer: `/${property}`, detail: '' }))),
      }),
    );
    app.useGlobalFilters({
      catch(error: unknown, host) {
        const reply = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
        const problem = error instanceof ProblemError ? error.problem : { status: 500, title: String(error) };
        reply.status(problem.status).send(problem);
      },
    });
    await app.init();
    await app.get(IdentityBootstrap).offerSetup(setupToken);
  }, 30_000);
  afterAll(async () => {
    await app.close();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function send(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    body?: object,
    token?: string,
  ): Promise<Answer> {
    const answer = await app.inject({
      method,
      url,
      ...(body && { payload: body }),
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
    const text = answer.body === '' ? '{}' : answer.body;
    return { status: answer.statusCode, body: JSON.parse(text) as Answer['body'] };
  }

  const textOf = ({ body }: Answer, name: string): string => {
    const value = body[name];
    if (typeof value !== 'string') throw new Error(`${name} is missing in ${JSON.stringify(body)}`);
    return value;
  };
  const codeAt = (uri: string, offset: number): string =>
    HOTP.generate({
      secret: Secret.fromBase32(new URL(uri).searchParams.get('secret') ?? ''),
      counter: Math.floor(Date.now() / 30_000) + offset,
    });

  it('goes from the setup token to an agent that is let in by its key, and out again', async () => {
    const first = { token: setupToken, email: 'First@example.com', password: PASSWORD };
    const setup = await send('POST', '/api/v1/auth/setup', first);
    expect([setup.status, setup.body['session'], setup.body['next']]).toEqual([201, 'bearer', 'enrolment']);
    expect((await send('POST', '/api/v1/auth/setup', first)).status).toBe(401);

    const limited = textOf(setup, 'token');
    expect((await send('GET', '/api/v1/users', undefined, limited)).status).toBe(403);
    expect((await send('POST', '/api/v1/agents', {}, limited)).status).toBe(403);
    const colleague = { email: 'colleague@example.com', roles: ['auditor'], ...terms };
    expect((await send('POST', '/api/v1/users', colleague, limited)).status).toBe(201);

    const uri = textOf(setup, 'uri');
    const confirmed = await send('POST', '/api/v1/auth/totp', {
      enrolment: setup.body['enrolment'],
      code: codeAt(uri, -1),
    });
    expect([confirmed.status, confirmed.body['session']]).toEqual([200, 'bearer']);

    const login = await send('POST', '/api/v1/auth/login', {
      email: 'first@EXAMPLE.com',
      password: PASSWORD,
      session: 'bearer',
    });
    expect([login.status, login.body['next']]).toEqual([200, 'secondFactor']);
    const code = { challenge: login.body['challenge'], code: codeAt(uri, 0) };
    const session = await send('POST', '/api/v1/auth/second-factor', code);
    expect([session.status, session.body['session']]).toEqual([200, 'bearer']);
    expect((await send('POST', '/api/v1/auth/second-factor', code)).status).toBe(401);
    const token = textOf(session, 'token');

    const agent = {
      type: 'agent',
      name: 'support-bot',
      owner: 'team-support',
      purpose: 'answers',
      roles: ['support-agent'],
    };
    const registered = await send('POST', '/api/v1/agents', agent, token);
    expect([registered.status, registered.body]).toEqual([
      201,
      expect.objectContaining({ ...agent, attributes: {}, status: 'active' }),
    ]);
    expect((await send('POST', '/api/v1/agents', agent, token)).status).toBe(409);
    const at = `/api/v1/agents/${textOf(registered, 'id')}`;
    const issued = await send('POST', `${at}/keys`, {}, token);
    expect(issued.status).toBe(201);
    expect(await send('GET', '/who', undefined, textOf(issued, 'key'))).toEqual({
      status: 200,
      body: { name: 'support-bot', roles: ['agent'] },
    });
    expect((await send('GET', at, undefined, token)).body['keys']).toEqual([
      expect.objectContaining({ id: issued.body['id'] }),
    ]);
    expect((await send('PATCH', at, { attributes: { region: 'eu' } }, token)).body['attributes']).toEqual({
      region: 'eu',
    });
    expect((await send('DELETE', `${at}/keys/${textOf(issued, 'id')}`, undefined, token)).status).toBe(204);
    expect((await send('GET', '/who', undefined, textOf(issued, 'key'))).status).toBe(401);

    expect((await send('GET', '/api/v1/users?limit=1', undefined, token)).body['items']).toHaveLength(1);
    expect((await send('POST', '/api/v1/auth/logout', undefined, token)).status).toBe(204);
    expect((await send('GET', at, undefined, token)).status).toBe(401);
  });

  it('activates an invited person who then may do what their roles say and no more', async () => {
    const bootstrap = app.get(IdentityBootstrap);
    const totpSecret = new Secret({ size: 20 }).base32;
    const given = {
      email: 'demo@example.com',
      password: PASSWORD,
      totpSecret,
      roles: ['admin'],
      justification: 'demo',
    };
    await bootstrap.ensurePerson(given);
    await bootstrap.ensurePerson(given);
    const login = await send('POST', '/api/v1/auth/login', { email: given.email, password: PASSWORD });
    const uri = `otpauth://totp/x?secret=${totpSecret}`;
    const session = await send('POST', '/api/v1/auth/second-factor', {
      challenge: login.body['challenge'],
      code: codeAt(uri, 0),
    });
    const invited = await send(
      'POST',
      '/api/v1/users',
      { email: 'eve@example.com', roles: ['auditor'], ...terms },
      textOf(session, 'token'),
    );
    expect([invited.status, invited.body['status']]).toEqual([201, 'invited']);
    const begun = await send('POST', '/api/v1/auth/activate', {
      token: invited.body['invitation'],
      password: PASSWORD,
    });
    expect([begun.status, begun.body['next']]).toEqual([200, 'enrolment']);
    const done = await send('POST', '/api/v1/auth/totp', {
      enrolment: begun.body['enrolment'],
      code: codeAt(textOf(begun, 'uri'), 0),
    });
    const token = textOf(done, 'token');
    expect((await send('GET', '/api/v1/agents', undefined, token)).status).toBe(200);
    expect((await send('POST', '/api/v1/agents', {}, token)).status).toBe(403);
    expect((await send('POST', '/api/v1/users', {}, token)).status).toBe(403);
  });

  it('lets a demo gateway in with a given key, at every start, until the key is revoked', async () => {
    const bootstrap = app.get(IdentityBootstrap);
    const parts = freshApiKey('demo');
    const key = formatApiKey(parts);
    const gateway = {
      type: 'service',
      name: 'demo-gateway',
      owner: 'demo',
      purpose: 'demo',
      roles: ['gateway'],
    } as const;
    const { id } = await bootstrap.ensureActor(gateway, key);
    expect((await bootstrap.ensureActor(gateway, key)).id).toBe(id);
    expect((await send('GET', '/who', undefined, key)).body).toEqual({ name: 'demo-gateway', roles: ['gateway'] });
    await database.dataSource.query(
      `UPDATE identity.api_key SET created_at = now() - interval '80 days', expires_at = now() + interval '10 days' WHERE id = $1`,
      [parts.id],
    );
    await bootstrap.ensureActor(gateway, key);
    const [row] = await database.dataSource.query<{ days: number }[]>(
      `SELECT extract(day FROM expires_at - now())::int AS days FROM identity.api_key WHERE id = $1`,
      [parts.id],
    );
    expect(row?.days).toBeGreaterThanOrEqual(89);
    await expect(bootstrap.ensureActor(gateway, `${key.slice(0, -1)}!`)).rejects.toThrow('malformed');
    await app.get(KeyService).revoke(undefined, id, parts.id);
    await bootstrap.ensureActor(gateway, key);
    expect((await send('GET', '/who', undefined, key)).status).toBe(401);
  });

  it.each([
    ['POST', '/api/v1/auth/setup', { token: setupToken, email: 'no-email', password: PASSWORD }, '/email'],
    [
      'POST',
      '/api/v1/auth/setup',
      { token: setupToken, email: 'a@example.com', password: 'x'.repeat(14) },
      '/password',
    ],
    [
      'POST',
      '/api/v1/auth/setup',
      { token: setupToken, email: 'a@example.com', password: 'x'.repeat(129) },
      '/password',
    ],
    ['POST', '/api/v1/auth/setup', { token: setupToken, email: '"\u0000"@example.com', password: PASSWORD }, '/email'],
    ['POST', '/api/v1/auth/login', { email: 'a@example.com', password: 'x', session: 'cookie' }, '/session'],
    ['POST', '/api/v1/auth/login', { email: { $ne: '' }, password: 'x' }, '/email'],
    ['POST', '/api/v1/auth/totp', { enrolment: 'x', code: '12345' }, '/code'],
    ['POST', '/api/v1/auth/second-factor', { challenge: 'x', code: '123456', extra: 1 }, '/extra'],
  ] as const)('names the field that is wrong: %s %s %j', async (method, url, body, pointer) => {
    const answer = await send(method, url, body);
    expect([answer.status, answer.body['errors']]).toEqual([422, [expect.objectContaining({ pointer })]]);
  });

  it('has personal data in no public part of the ledger, and every change in it', async () => {
    const rows = await database.dataSource.query<{ body: Buffer | null }[]>('SELECT body FROM ledger.payload');
    const open = rows.map((row) => row.body?.toString('utf8') ?? '').join('\n');
    for (const event of [
      'setup',
      'person-invited',
      'person-activated',
      'factor-enrolled',
      'login',
      'logout',
      'actor-registered',
      'actor-changed',
      'key-issued',
      'key-renewed',
      'key-revoked',
    ]) {
      expect(open).toContain(`"${event}"`);
    }
    expect(open).not.toContain('example.com');
    expect(open).not.toContain('127.0.0.1');
  });

  it('documents every route with its permission, and has none without but those of signing in', () => {
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const routes = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(
        ([method, operation]) => `${method} ${path} ${String(operation['x-permission'] ?? 'public')}`,
      ),
    );
    const open = routes.filter((route) => route.endsWith(' public') && !route.includes(' /api/v1/ledger/'));
    expect(open.filter((route) => !/^(get|post) \/api\/v1\/auth\//.test(route))).toEqual([]);
    expect(routes).toContain('post /api/v1/users/{id}/grants user:write');
  });
});
