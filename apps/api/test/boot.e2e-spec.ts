import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type TestDatabase, testDatabase } from '@lexecon/database/testing';

const built = fileURLToPath(new URL('../../../dist/apps/api/apps/api/src/', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

class Program {
  output = '';
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;

  constructor(environment: Record<string, string>) {
    const args = ['--import', join(built, 'telemetry.js'), join(built, 'main.js')];
    const { PATH = '' } = process.env;
    this.child = spawn(process.execPath, args, { env: { PATH, PORT: '0', ...environment } });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = new Promise((resolve) => this.child.once('close', (code) => resolve({ code, output: this.output })));
  }

  /** The address it listens on. */
  async address(): Promise<string> {
    for (let tries = 0; tries < 300; tries += 1) {
      const address = /"address":"(http:[^"]+)"/.exec(this.output)?.[1];
      if (address) return address;
      await sleep(100);
    }
    throw new Error(`the server does not listen:\n${this.output}`);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}

describe('the built server', () => {
  let database: TestDatabase;
  let folder: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    database = await testDatabase();
    folder = mkdtempSync(join(tmpdir(), 'lexecon-boot-'));
    environment = { DATABASE_URL: database.url, LEXECON_DATA_DIR: folder };
  }, 30_000);
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['no database', {}, ['DATABASE_URL']],
    ['wrong values', { PORT: 'x', DATABASE_URL: 'mysql://a' }, ['PORT', 'DATABASE_URL']],
    [
      'nothing set in production',
      { NODE_ENV: 'production' },
      ['DATABASE_URL', 'LEDGER_GUARD', 'LEDGER_KEY_FILE', 'RECEIPT_KEY_FILE', 'VAULT_KEY_FILE'],
    ],
    ['debug logs in production', { NODE_ENV: 'production', LOG_LEVEL: 'debug' }, ['LOG_LEVEL']],
  ])('does not start with %s: exit 78 and every name', async (_, given: Record<string, string>, names) => {
    const { code, output } = await new Program(given).ended;
    expect(code).toBe(78);
    for (const name of names) expect(output).toContain(`${name}: `);
  });

  it('warns of a setting that does not exist', async () => {
    const program = new Program({ ...environment, LEXECON_DATADIR: 'x' });
    await program.address();
    program.signal('SIGTERM');
    expect((await program.ended).output).toContain('LEXECON_DATADIR');
  }, 60_000);

  it('does not start without its database, and says no secret', async () => {
    const { code, output } = await new Program({ ...environment, DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/x' })
      .ended;
    expect(code).toBe(1);
    expect(output).not.toContain('hunter2');
  }, 60_000);

  it('leaves at SIGTERM without dropping a request: not ready first, then finished, then gone', async () => {
    const program = new Program({ ...environment, SHUTDOWN_DELAY_MS: '1500' });
    const address = await program.address();
    // A load balancer asks whether the server is ready; its clients are sent there until it is not.
    const seen = { ok: 0, failed: 0, draining: false };
    const balancer = async (): Promise<void> => {
      while (!seen.draining) {
        await sleep(50);
        seen.draining = (await fetch(`${address}/health/ready`)).status === 503;
      }
    };
    const client = async (): Promise<void> => {
      while (!seen.draining) {
        const answer = await fetch(`${address}/health/live`).catch(() => null);
        seen[answer?.ok === true ? 'ok' : 'failed'] += 1;
      }
    };
    while ((await fetch(`${address}/health/ready`)).status !== 200) await sleep(100);
    const traffic = Promise.all([balancer(), client(), client(), client()]);
    await sleep(500);
    program.signal('SIGTERM');
    await traffic;
    const { code } = await program.ended;
    expect(code).toBe(0);
    expect(seen.failed).toBe(0);
    expect(seen.ok).toBeGreaterThan(50);
  }, 60_000);

  it('sends its traces to the given endpoint, one for a request, without what is personal', async () => {
    const received: Buffer[] = [];
    const sink: Server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => received.push(chunk)).on('end', () => response.end());
    }).listen(0);
    const endpoint = `http://127.0.0.1:${String((sink.address() as AddressInfo).port)}`;
    const program = new Program({ ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    const address = await program.address();
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01`, 'user-agent': 'canary-agent' };
    const answer = await fetch(`${address}/api/v1/agents/canary-path?email=canary-query@leak.example`, { headers });
    expect(answer.status).toBe(401);
    program.signal('SIGTERM');
    const { output } = await program.ended;
    sink.close();
    const exported = Buffer.concat(received);
    expect(exported.includes(Buffer.from(trace, 'hex'))).toBe(true);
    expect(output).toContain(`"trace_id":"${trace}"`);
    expect(exported.toString('latin1')).not.toMatch(/canary/);
  }, 60_000);
});
