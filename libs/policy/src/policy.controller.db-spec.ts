import { randomUUID } from 'node:crypto';
import { Global, Module, ValidationPipe } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import {
  Authenticator,
  AuthModule,
  type IncomingRequest,
  permissionsOf,
  type Principal,
  ProblemError,
  Reads,
  type Role,
  unprocessable,
} from '@lexecon/auth';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { LedgerService } from '@lexecon/ledger';
import { SubjectVault } from '@lexecon/vault';
import { EXAMPLE_CASES, EXAMPLE_HASH, EXAMPLE_SOURCE } from './policy.example.js';
import { PolicyModule } from './policy.module.js';

const people = new Map<string, Principal>(
  (['policy-author', 'policy-approver', 'agent'] as const).map((role: Role) => {
    const id = randomUUID();
    return [
      `Bearer ${role}`,
      { kind: 'person', id, name: id, roles: [role], permissions: permissionsOf([role]), fresh: true },
    ];
  }),
);

describe('the endpoints of policies and resources', () => {
  let database: TestDatabase;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    database = await testDatabase();
    let epoch = 0;
    const ledger = {
      appendIn: () => Promise.resolve(),
      advanceEpoch: () => Promise.resolve((epoch += 1)),
      epochs: () => Promise.resolve({ policy: epoch, kill: 0 }),
    };
    const vault = {
      keysOf: (subjects: readonly string[]) => subjects.map(() => ({ id: randomUUID(), key: Buffer.alloc(32) })),
    };
    const authenticator = {
      authenticate: ({ headers }: IncomingRequest) => people.get(headers.authorization ?? '') ?? null,
    };
    const shared = [
      { provide: DataSource, useValue: database.dataSource },
      { provide: LedgerService, useValue: ledger },
      { provide: SubjectVault, useValue: vault },
      { provide: Reads, useValue: { record: () => Promise.resolve() } },
    ];

    @Global()
    @Module({ providers: shared, exports: shared })
    class Neighbours {}

    const module = await Test.createTestingModule({
      imports: [Neighbours, PolicyModule, AuthModule.with({ provide: Authenticator, useValue: authenticator })],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    const exceptionFactory = () => unprocessable([{ pointer: '', detail: 'is not valid' }]);
    app.useGlobalPipes(
      new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true, exceptionFactory }),
    );
    app.useGlobalFilters({
      catch(error: unknown, host) {
        const problem = error instanceof ProblemError ? error.problem : { status: 500, detail: String(error) };
        host.switchToHttp().getResponse<FastifyReply>().status(problem.status).send(problem);
      },
    });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const call = async (method: 'GET' | 'POST' | 'DELETE', url: string, role: string, payload?: object) => {
    const answer = await app.inject({
      method,
      url: `/api/v1/${url}`,
      headers: { authorization: `Bearer ${role}` },
      ...(payload && { payload }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? null : answer.json() };
  };

  it('takes a policy from its text to being active, by two people', async () => {
    const saved = await call('POST', 'policies', 'policy-author', { source: EXAMPLE_SOURCE });
    expect(saved).toMatchObject({
      status: 201,
      body: { name: 'customer-support', version: 1, state: 'draft', hash: EXAMPLE_HASH },
    });
    const at = 'policies/customer-support/versions/1';
    expect((await call('POST', `${at}/approve`, 'policy-author')).status).toBe(403);
    expect(await call('POST', `${at}/approve`, 'policy-approver')).toMatchObject({
      status: 200,
      body: { state: 'approved' },
    });
    expect(await call('POST', `${at}/activate`, 'policy-approver')).toMatchObject({
      status: 200,
      body: { state: 'active' },
    });
    expect(await call('GET', at, 'policy-author')).toMatchObject({
      status: 200,
      body: { state: 'active', source: EXAMPLE_SOURCE },
    });
    expect((await call('GET', 'policies', 'policy-author')).body).toMatchObject({
      items: [{ name: 'customer-support', active: 1 }],
      next: null,
    });
    expect((await call('GET', 'policies/customer-support/versions', 'policy-author')).body).toMatchObject({
      items: [{ version: 1 }],
      next: null,
    });
    expect(await call('POST', 'policies/test', 'policy-author', { cases: EXAMPLE_CASES })).toMatchObject({
      status: 200,
      body: { passed: true },
    });
    expect(await call('POST', `${at}/retire`, 'policy-approver')).toMatchObject({
      status: 200,
      body: { state: 'retired' },
    });
  });

  it('says everything that is wrong with a text', async () => {
    const source = EXAMPLE_SOURCE.replace('permit', 'allow').replace('riskScore', 'riskscore');
    expect(await call('POST', 'policies/validate', 'policy-author', { source })).toMatchObject({
      status: 200,
      body: {
        valid: false,
        hash: null,
        problems: [
          { pointer: '/rules/0/effect', line: 6 },
          { pointer: '/rules/0/when', line: 9 },
        ],
      },
    });
    expect((await call('POST', 'policies/validate', 'policy-author', { source: EXAMPLE_SOURCE })).body).toEqual({
      valid: true,
      hash: EXAMPLE_HASH,
      problems: [],
    });
    expect((await call('POST', 'policies', 'policy-author', { source })).status).toBe(422);
  });

  it('keeps a catalogue, which whoever writes policies may add to and an approver takes away from', async () => {
    const resource = {
      type: 'table',
      resource: 'orders-*',
      dataClasses: ['pii'],
      sensitivity: 'internal',
      owner: 'team',
      subject: 'user:u-1',
    };
    const made = await call('POST', 'resources', 'policy-author', resource);
    expect(made).toMatchObject({ status: 201, body: resource });
    expect((await call('GET', 'resources', 'policy-approver')).body).toMatchObject({ items: [resource], next: null });
    const at = `resources/${String(made.body.id)}`;
    expect((await call('DELETE', at, 'policy-author')).status).toBe(403);
    expect((await call('GET', 'resources', 'policy-approver')).body).toMatchObject({ items: [resource] });
    expect((await call('DELETE', at, 'policy-approver')).status).toBe(204);
    expect((await call('DELETE', at, 'policy-approver')).status).toBe(404);
  });

  it.each([
    ['GET', 'policies', 'agent', undefined, 403],
    ['GET', 'policies', 'nobody', undefined, 401],
    ['POST', 'policies', 'policy-approver', { source: 'x' }, 403],
    ['POST', 'resources', 'policy-approver', {}, 403],
    ['GET', 'policies/p/versions/0', 'policy-author', undefined, 422],
    ['GET', 'policies/p/versions/9999999999', 'policy-author', undefined, 422],
    ['GET', 'policies/p/versions/1.5', 'policy-author', undefined, 422],
    ['GET', 'policies/P!/versions/1', 'policy-author', undefined, 422],
    ['GET', 'policies/p/versions/1', 'policy-author', undefined, 404],
    ['GET', 'policies?limit=0', 'policy-author', undefined, 422],
    ['GET', 'policies?cursor=%F0', 'policy-author', undefined, 422],
    ['POST', 'policies', 'policy-author', { source: '' }, 422],
    ['POST', 'policies', 'policy-author', { source: 'x', more: 1 }, 422],
    ['POST', 'policies/test', 'policy-author', { cases: [] }, 422],
    ['POST', 'policies/test', 'policy-author', { cases: [null] }, 422],
    ['POST', 'resources', 'policy-author', { type: 't', resource: 'a***', dataClasses: [], owner: 'o' }, 422],
    [
      'POST',
      'resources',
      'policy-author',
      { type: 't', resource: 'a', dataClasses: [], owner: 'o', subject: 'jane' },
      422,
    ],
    ['POST', 'resources', 'policy-author', { type: '', resource: 'a', dataClasses: [], owner: 'o' }, 422],
    ['DELETE', 'resources/x', 'policy-approver', undefined, 404],
    ['DELETE', 'resources/x', 'policy-author', undefined, 403],
  ] as const)('%s %s by %s with %j answers %i', async (method, url, role, payload, status) => {
    expect((await call(method, url, role, payload)).status).toBe(status);
  });
});
