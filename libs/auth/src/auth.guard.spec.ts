import { Controller, Get, Logger, type INestApplication } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { jest } from '@jest/globals';
import {
  AuthModule,
  Authenticator,
  Caller,
  type IncomingRequest,
  permissionsOf,
  type Principal,
  ProblemError,
  Public,
  Requires,
} from './index.js';

const reader: Principal = {
  kind: 'person',
  id: '0199f0c4-0000-7000-8000-000000000001',
  name: '0199f0c4-0000-7000-8000-000000000001',
  roles: ['auditor'],
  permissions: permissionsOf(['auditor']),
  fresh: false,
};

@Controller()
class DoorController {
  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }

  @Get('decisions')
  @Requires('decision:read')
  read(@Caller() caller: Principal): string {
    return caller.name;
  }

  @Get('origin')
  @Requires('decision:read')
  origin(@Caller() caller: Principal): Principal['from'] {
    return caller.from;
  }

  @Get('agents')
  @Requires('agent:write')
  write(): string {
    return 'written';
  }

  @Get('export')
  @Requires('ledger:export', { fresh: true })
  take(): string {
    return 'taken';
  }

  @Get('forgotten')
  forgotten(): string {
    return 'in';
  }
}

async function serverWith(authenticate: Authenticator['authenticate']): Promise<NestFastifyApplication> {
  const module = await Test.createTestingModule({
    imports: [AuthModule.with({ provide: Authenticator, useValue: { authenticate } })],
    controllers: [DoorController],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  app.useGlobalFilters({
    catch(error: unknown, host) {
      const reply = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
      const problem = error instanceof ProblemError ? error.problem : { status: 500, title: String(error) };
      reply.status(problem.status).send(problem);
    },
  });
  app.useLogger(false);
  return app.init();
}

describe('the guard before every route', () => {
  const open: INestApplication[] = [];
  const start = async (authenticate: Authenticator['authenticate']): Promise<NestFastifyApplication> => {
    const app = await serverWith(authenticate);
    open.push(app);
    return app;
  };
  afterEach(async () => {
    for (const app of open.splice(0)) await app.close();
  });

  const known = ({ headers: { authorization } }: IncomingRequest): Principal | null =>
    authorization === 'Bearer good' ? reader : null;
  const headers = { authorization: 'Bearer good' };

  it('lets a caller with the permission in and hands the principal to the route', async () => {
    const answer = await (await start(known)).inject({ url: '/decisions', headers });
    expect([answer.statusCode, answer.body]).toEqual([200, reader.name]);
  });

  it('works with an authenticator that answers later', async () => {
    const app = await start((request) => Promise.resolve(known(request)));
    expect((await app.inject({ url: '/decisions', headers })).statusCode).toBe(200);
    expect((await app.inject({ url: '/decisions' })).statusCode).toBe(401);
  });

  it('asks for credentials with WWW-Authenticate when there are none or unknown ones', async () => {
    const app = await start(known);
    for (const sent of [{}, { authorization: 'Bearer other' }, { authorization: '' }]) {
      const answer = await app.inject({ url: '/decisions', headers: sent });
      expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    }
  });

  it('takes credentials from neither the query nor the body nor a cookie', async () => {
    const app = await start(known);
    const answer = await app.inject({
      url: '/decisions?authorization=Bearer%20good&access_token=good',
      headers: { cookie: 'authorization=Bearer good' },
    });
    expect(answer.statusCode).toBe(401);
  });

  it('tells the authenticator method, headers, address and whether TLS was used', async () => {
    const seen: IncomingRequest[] = [];
    const app = await start((request) => (seen.push(request), reader));
    await app.inject({ url: '/decisions', headers, remoteAddress: '192.0.2.7' });
    expect(seen).toEqual([
      {
        method: 'GET',
        address: '192.0.2.7',
        requestId: expect.any(String) as unknown,
        secure: false,
        headers: expect.objectContaining(headers) as unknown,
      },
    ]);
  });

  it('says of the caller from where the request came', async () => {
    const answer = await (await start(known)).inject({ url: '/origin', headers, remoteAddress: '192.0.2.7' });
    expect(answer.json()).toEqual({ address: '192.0.2.7', requestId: expect.any(String) as unknown });
  });

  it('refuses a known caller without the permission', async () => {
    const answer = await (await start(known)).inject({ url: '/agents', headers });
    expect(answer.statusCode).toBe(403);
  });

  it('asks a caller for a fresh second factor where the route wants one', async () => {
    const stale = await (await start(known)).inject({ url: '/export', headers });
    expect([stale.statusCode, stale.json<{ type: string }>().type]).toEqual([403, 'step-up-required']);
    const fresh = await start((request) => (known(request) ? { ...reader, fresh: true } : null));
    expect((await fresh.inject({ url: '/export', headers })).body).toBe('taken');
  });

  it('lets everybody into a public route without asking who it is', async () => {
    let asked = 0;
    const app = await start(() => ((asked += 1), null));
    expect((await app.inject({ url: '/open' })).statusCode).toBe(200);
    expect(asked).toBe(0);
  });

  it('lets nobody into a route that declares nothing, and logs it', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const answer = await (await start(known)).inject({ url: '/forgotten', headers });
    expect(answer.statusCode).toBe(403);
    expect(logged).toHaveBeenCalledWith(expect.stringContaining('DoorController.forgotten'));
    logged.mockRestore();
  });

  it('passes on what the authenticator throws, at once or later', async () => {
    const stale = new ProblemError({ status: 503, type: 'registry-stale', title: 'Stale', retryAfter: 1 });
    const thrower = await start(() => {
      throw stale;
    });
    expect((await thrower.inject({ url: '/decisions', headers })).statusCode).toBe(503);
    const rejecter = await start(() => Promise.reject(stale));
    expect((await rejecter.inject({ url: '/decisions', headers })).statusCode).toBe(503);
  });

  it('asks each application its own authenticator', async () => {
    const first = await start(known);
    const second = await start(() => null);
    expect((await first.inject({ url: '/decisions', headers })).statusCode).toBe(200);
    expect((await second.inject({ url: '/decisions', headers })).statusCode).toBe(401);
  });
});
