import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Global, Module, ValidationPipe } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyReply } from 'fastify';
import { ACCESS, type Access, ProblemError, Reads, unprocessable } from '@lexecon/auth';
import { noteVerifier, openNote, parseConsistency, parseTlogProof } from '@lexecon/crypto';
import { FRESH, NoteKind, noteOf, TestLog } from '../test/log.js';
import { LEAF_BYTES, openReceipt, type Receipt } from './core/index.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerModule } from './ledger.module.js';
import { LedgerService } from './ledger.service.js';
import { ProofController } from './proof.controller.js';
import { ProofService } from './proof.service.js';

/** Reads go on record elsewhere; here nobody keeps them. */
@Global()
@Module({ providers: [{ provide: Reads, useValue: { record: () => Promise.resolve() } }], exports: [Reads] })
class NoRecord {}

describe('the ledger over HTTP', () => {
  let log: TestLog;
  let app: NestFastifyApplication;
  const shard = (): string => currentShard;
  let currentShard = '';
  let size = 0;

  beforeAll(async () => {
    log = await TestLog.create();
    const options = {
      url: log.database.url,
      origin: 'log.test',
      guard: `file://${join(log.folder, 'guard')}`,
      logKeyFile: join(log.folder, 'log.key'),
      receiptKeyFile: join(log.folder, 'receipt.key'),
      mayCreateKeys: false,
    };
    const testing = await Test.createTestingModule({ imports: [NoRecord, LedgerModule.with(options)] }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app.useGlobalPipes(
      new ValidationPipe({
        transform: true,
        whitelist: true,
        forbidNonWhitelisted: true,
        exceptionFactory: (errors) =>
          unprocessable(errors.map(({ property }) => ({ pointer: `/${property}`, detail: 'invalid' }))),
      }),
    );
    app.useGlobalFilters({
      catch: (error: unknown, host) => {
        const problem = error instanceof ProblemError ? error.problem : { status: 500, type: String(error), title: '' };
        const reply = host.switchToHttp().getResponse<FastifyReply>();
        void reply
          .code(problem.status)
          .header('content-type', 'application/problem+json')
          .send(JSON.stringify(problem));
      },
    });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    const ledger = app.get(LedgerService);
    for (let round = 0; round < 3; round++)
      await Promise.all(
        Array.from({ length: 90 }, (_, i) =>
          ledger.append([{ kind: NoteKind, record: noteOf(`${String(round)}-${String(i)}`) }], FRESH),
        ),
      );
    const [last] = await ledger.append([{ kind: NoteKind, record: noteOf('last') }], FRESH);
    const proof = await app.get(ProofService).awaitProof(last?.entry ?? '', 5_000);
    currentShard = proof?.shard ?? '';
    await new Promise((resolve) => setTimeout(resolve, 500));
    size = Number((await get('checkpoint')).body.split('\n')[1]);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await log.close();
  });

  const get = (
    path: string,
    accept = 'application/json',
  ): Promise<{
    statusCode: number;
    body: string;
    rawPayload: Buffer;
    headers: Record<string, unknown>;
    json(): Record<string, unknown>;
  }> => app.inject({ url: `/api/v1/ledger/${path}`, headers: { accept } });

  it('publishes the checkpoint as text that opens under the published keys', async () => {
    const { body, headers } = await get('checkpoint');
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    const keys = (await get('keys', 'text/plain')).body.trim().split('\n').map(noteVerifier);
    expect(keys.map(({ name }) => name).sort()).toEqual([`log.test/${shard()}`, 'log.test/receipt']);
    expect(openNote(body, keys).text).toMatch(new RegExp(`^log\\.test/${shard()}\n${String(size)}\n`));
  });

  it('says of every key since when it signs', async () => {
    const { keys } = (await get('keys')).json() as {
      keys: readonly { vkey: string; firstUsed: string; retiredAt: null }[];
    };
    expect(keys).toHaveLength(2);
    expect(keys.map(({ vkey }) => vkey)).toContain(log.keys.receipts.vkey);
    for (const { firstUsed, retiredAt } of keys) {
      expect(Date.parse(firstUsed)).toBeGreaterThan(Date.now() - 120_000);
      expect(retiredAt).toBeNull();
    }
  });

  it('tells in the log itself which keys came into use', async () => {
    const events = [];
    for (let index = 0; index < size; index++) events.push((await get(`entries/${String(index)}`)).json());
    const inUse = events
      .filter(({ decoded }) => (decoded as { kind: string }).kind === 'key-event')
      .map((event) => event['public']);
    expect(inUse).toEqual(
      expect.arrayContaining([
        { event: 'in use', name: `log.test/${shard()}`, vkey: log.keys.logSigner(shard()).vkey, replaces: [] },
        { event: 'in use', name: 'log.test/receipt', vkey: log.keys.receipts.vkey, replaces: [] },
      ]),
    );
  });

  it('shows an entry with its public fields and a receipt that opens, and nothing that is sealed', async () => {
    const { body } = await get('entries/100');
    const entry = JSON.parse(body) as {
      index: number;
      receipt: Receipt;
      public: { text: string };
      decoded: { kind: string };
    };
    expect(entry).toMatchObject({
      index: 100,
      shard: shard(),
      decoded: { kind: 'audit' },
      public: { text: expect.any(String) as string },
    });
    expect(openReceipt(entry.receipt, [noteVerifier(log.keys.receipts.vkey)]).kind).toBe('audit');
    expect(body).not.toContain('secret');
    expect(body).not.toContain('about');
  });

  it('proves inclusion and consistency as JSON and as C2SP files', async () => {
    const json = (await get(`proofs/inclusion?index=7&shard=${shard()}`)).json();
    const text = parseTlogProof((await get('proofs/inclusion?index=7', 'text/plain')).body);
    expect(json['path']).toEqual(text.path.map((hash) => hash.toString('base64')));
    expect(json['leaf']).toBe(text.extra.toString('base64'));
    expect(json).toMatchObject({ index: 7, size, checkpoint: text.checkpoint });
    const step = parseConsistency((await get('proofs/consistency?from=3', 'text/plain')).body);
    expect((await get('proofs/consistency?from=3')).json()).toEqual({
      shard: shard(),
      from: 3,
      to: size,
      path: step.path.map((hash) => hash.toString('base64')),
      checkpoint: step.checkpoint,
    });
  });

  it('serves tiles and bundles of entries, the full ones for ever', async () => {
    const full = await get(`tile/0/000?shard=${shard()}`);
    expect(full.rawPayload).toHaveLength(8192);
    expect(full.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'cache-control': expect.stringContaining('immutable') as string,
    });
    const partial = await get('tile/0/001.p/3');
    expect(partial.rawPayload).toHaveLength(96);
    expect(partial.headers['cache-control']).not.toContain('immutable');
    const bundle = await get('tile/entries/000');
    expect(bundle.rawPayload).toHaveLength(256 * (2 + LEAF_BYTES));
    const first = bundle.rawPayload.subarray(2, 2 + LEAF_BYTES);
    expect(createHash('sha256').update(Buffer.of(0)).update(first).digest()).toEqual(full.rawPayload.subarray(0, 32));
  });

  it.each([
    ['entries/100000', 404],
    ['entries/01', 404],
    ['entries/x', 404],
    ['entries/1?shard=2020h1', 404],
    ['checkpoint?shard=2020h1', 404],
    ['tile/0/009', 404],
    ['tile/0/000.p/256', 404],
    ['tile/9/000', 404],
    ['tile/..%2Fentries/000', 404],
  ])('knows nothing at %s', async (path, status) => {
    expect((await get(path)).statusCode).toBe(status);
  });

  it.each([
    ['proofs/inclusion', '/index'],
    ['proofs/inclusion?index=-1', '/index'],
    ['proofs/inclusion?index=1.5', '/index'],
    ['proofs/inclusion?index=1e9', '/index'],
    ['proofs/inclusion?index=0&size=1000000', '/size'],
    ['proofs/inclusion?index=0&shard=now', '/shard'],
    ['proofs/consistency?from=2&to=1', '/from'],
    ['proofs/consistency?from=a', '/from'],
    ['proofs/consistency?from=0&to=1000000', '/to'],
    ['checkpoint?surprise=1', '/surprise'],
  ])('refuses %s naming %s', async (path, pointer) => {
    const { statusCode, ...answer } = await get(path);
    expect(statusCode).toBe(422);
    expect(answer.json()['errors']).toEqual([expect.objectContaining({ pointer })]);
  });

  it('lets everybody read checkpoint and keys, and asks a permission for all else', () => {
    const accessOf = (controller: { readonly prototype: object }): Record<string, Access> =>
      Object.fromEntries(
        Object.getOwnPropertyNames(controller.prototype)
          .filter((name) => name !== 'constructor')
          .map((name) => [
            name,
            Reflect.getMetadata(ACCESS, Reflect.get(controller.prototype, name) as object) as Access,
          ]),
      );
    expect(accessOf(LedgerController)).toEqual({ checkpoint: 'public', keys: 'public', entry: 'ledger:read' });
    expect(accessOf(ProofController)).toEqual({
      inclusion: 'ledger:read',
      consistency: 'ledger:read',
      tile: 'ledger:read',
    });
  });

  it('keeps the checkpoint that it publishes in the guard', async () => {
    const kept = readFileSync(join(log.folder, 'guard', `${shard()}.checkpoint`), 'utf8');
    expect((await get('checkpoint')).body).toBe(kept);
  });
});
