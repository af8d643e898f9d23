import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { HealthPart, HealthStatus } from './health.contribution.js';
import { HealthModule } from './health.module.js';
import { HealthService } from './health.service.js';

class Part {
  asked = 0;
  status: HealthStatus | 'throws' | 'hangs' = 'up';

  constructor(
    readonly name: string,
    readonly parts: readonly HealthPart[],
  ) {}

  async check(): Promise<HealthStatus> {
    this.asked += 1;
    if (this.status === 'throws') throw new Error('connection refused by 10.0.0.7');
    if (this.status === 'hangs') return new Promise<HealthStatus>(() => undefined);
    return this.status;
  }
}

class Database extends Part {}
class Limiter extends Part {}
class Policies extends Part {}
class SecondFactor extends Part {}

interface Body {
  readonly status: string;
  readonly components: Record<string, { status: string; latency_ms: number }>;
  readonly waitingFor: string[];
}

describe('health', () => {
  let app: NestFastifyApplication;
  let database: Database;
  let limiter: Limiter;
  let policies: Policies;
  let secondFactor: SecondFactor;

  beforeEach(async () => {
    database = new Database('database', ['health', 'ready']);
    limiter = new Limiter('rate_limiter', ['health']);
    policies = new Policies('policies', ['ready']);
    secondFactor = new SecondFactor('second_factor', ['mfa']);
    @Module({
      providers: [
        { provide: Database, useValue: database },
        { provide: Limiter, useValue: limiter },
        { provide: Policies, useValue: policies },
        { provide: SecondFactor, useValue: secondFactor },
      ],
    })
    class Rooms {}
    const classes = [Database, Limiter, Policies, SecondFactor];
    const facts = { useFactory: () => ({ version: '1.2.3', policySet: () => 'sha256:abc' }) };
    const module = await Test.createTestingModule({
      imports: [Rooms, HealthModule.of(classes, facts)],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    await app.init();
  });
  afterEach(() => app.close());

  const get = async (path: string, accept = 'application/json') => {
    const answer = await app.inject({ url: path, headers: { accept } });
    return { code: answer.statusCode, type: answer.headers['content-type'], body: answer.json<Body>() };
  };
  /** As long as an answer is remembered. */
  const aSecond = () => sleep(1050);

  it('shows status, components with latency, uptime, timestamp, version and policy set', async () => {
    expect(await get('/health')).toMatchObject({
      code: 200,
      body: {
        status: 'healthy',
        components: {
          database: { status: 'healthy', latency_ms: expect.any(Number) },
          rate_limiter: { status: 'healthy', latency_ms: expect.any(Number) },
        },
        uptime_seconds: expect.any(Number),
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        version: '1.2.3',
        policy_set: 'sha256:abc',
      },
    });
  });

  it('is degraded, and still 200, when a part is down without which decisions are recorded', async () => {
    limiter.status = 'down';
    expect(await get('/health')).toMatchObject({ code: 200, body: { status: 'degraded' } });
  });

  it('is unhealthy, 503, when a part is down that decisions need', async () => {
    database.status = 'throws';
    const { code, body } = await get('/health');
    expect(code).toBe(503);
    expect(body).toMatchObject({ status: 'unhealthy', components: { database: { status: 'unhealthy' } } });
  });

  it('tells the public nothing of why a part is down', async () => {
    database.status = 'throws';
    expect(JSON.stringify(await get('/health'))).not.toContain('10.0.0.7');
  });

  it('answers within the limit when a check hangs', async () => {
    database.status = 'hangs';
    const began = performance.now();
    expect((await get('/health')).body.components['database']?.status).toBe('unhealthy');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('asks each part at most once a second under 1000 requests a second', async () => {
    const began = performance.now();
    for (let requests = 0; requests < 2_000;) {
      await Promise.all(Array.from({ length: 50 }, () => get(requests++ % 2 === 0 ? '/health' : '/health/ready')));
      await sleep(Math.max(0, requests - (performance.now() - began)));
    }
    // On a busy machine they take longer than two seconds.
    expect(database.asked).toBeLessThanOrEqual((performance.now() - began) / 1000 + 1);
    expect(database.asked).toBeGreaterThanOrEqual(2);
  });

  it('speaks health+json to who asks for it', async () => {
    const { type, body } = await get('/health', 'application/health+json');
    expect(type).toContain('application/health+json');
    expect(body).toMatchObject({ status: 'pass', checks: { 'database:responseTime': [{ status: 'pass' }] } });
  });

  it('is not ready before every part has passed', async () => {
    policies.status = 'down';
    expect(await get('/health/ready')).toMatchObject({
      code: 503,
      body: { status: 'starting', waitingFor: ['policies'] },
    });
    policies.status = 'up';
    await aSecond();
    expect(await get('/health/ready')).toMatchObject({ code: 503 });
    await aSecond();
    expect(await get('/health/ready')).toMatchObject({ code: 200, body: { status: 'ready', waitingFor: [] } });
  });

  it('stays ready through a blip, and leaves when the third check in a row fails', async () => {
    expect((await get('/health/ready')).code).toBe(200);
    database.status = 'throws';
    const codes = [];
    for (const _ of [1, 2, 3]) {
      await aSecond();
      codes.push((await get('/health/ready')).code, (await get('/health/ready')).code);
    }
    expect(codes).toEqual([200, 200, 200, 200, 503, 503]);
  });

  it('is not ready from the moment it drains, while it lives on', async () => {
    expect((await get('/health/ready')).code).toBe(200);
    app.get(HealthService).drain();
    expect(await get('/health/ready')).toMatchObject({ code: 503, body: { status: 'draining' } });
    expect((await get('/health/live')).code).toBe(200);
  });

  it('lives without asking anybody', async () => {
    database.status = 'hangs';
    expect((await get('/health/live')).code).toBe(200);
    expect([database.asked, policies.asked, limiter.asked]).toEqual([0, 0, 0]);
  });

  it('says whether the second factor works', async () => {
    expect((await get('/health/mfa')).code).toBe(200);
    secondFactor.status = 'throws';
    await aSecond();
    expect((await get('/health/mfa')).code).toBe(503);
  });

  it('does not start when a part is provided by nobody', async () => {
    const module = await Test.createTestingModule({
      imports: [HealthModule.of([Database] as never, { useFactory: () => ({ version: '1', policySet: () => null }) })],
    }).compile();
    await expect(module.createNestApplication(new FastifyAdapter(), { logger: false }).init()).rejects.toThrow(
      'Database',
    );
  });
});
