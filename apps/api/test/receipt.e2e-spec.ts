import { DataSource } from 'typeorm';
import { PROBLEM_JSON } from '../src/problem.filter.js';
import { testServer, type TestServer } from './server.testing.js';

/** Of calls in this suite; the runs by hand that docs/reliability.md tells of made more. */
const CALLS = Number(process.env['RECEIPT_CALLS'] ?? '600');

describe('receipts, read while others are written', () => {
  let server: TestServer;
  let token: string;
  beforeAll(async () => {
    server = await testServer();
    token = server.tokenFor({});
  }, 60_000);
  afterAll(async () => {
    await server.close();
  });

  /** Asks until there is an answer: a machine that is busy with other things may make it 503 for a while. */
  const decide = async (): Promise<string> => {
    for (;;) {
      const response = await fetch(`${server.url}/api/v1/decisions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          actor: { type: 'agent', id: 'one' },
          action: { name: 'database:read' },
          resource: { type: 'table', id: 'orders' },
        }),
      });
      const { id } = (await response.json()) as { id?: string };
      if (response.status === 200 && id !== undefined) return id;
      expect(response.status).toBe(503);
    }
  };
  const receipt = (id: string, accept: string): Promise<Response> =>
    fetch(`${server.url}/api/v1/decisions/${encodeURIComponent(id)}/receipt`, {
      headers: { authorization: `Bearer ${token}`, accept },
    });

  it('are there at once or proven, never a fault, whatever id is asked for and whenever', async () => {
    const ids: string[] = [await decide()];
    const ended = { value: false };
    const writer = async (): Promise<void> => {
      while (!ended.value) ids.push(await decide());
    };
    const seen = new Map<string, number>();
    const strange = [
      'x',
      '0',
      '00000000-0000-0000-0000-000000000000',
      '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10',
      '%00',
      'é',
    ];
    const reader = async (calls: number): Promise<void> => {
      for (let i = 0; i < calls; i++) {
        const id =
          i % 10 === 9 ? (strange[i % strange.length] ?? '') : (ids[i % 3 ? ids.length - 1 : i % ids.length] ?? '');
        const response = await receipt(id, i % 2 ? 'text/plain' : 'application/json');
        const what = `${i % 10 === 9 ? 'strange' : i % 2 ? 'proof file' : 'receipt'} ${String(response.status)}`;
        seen.set(what, (seen.get(what) ?? 0) + 1);
        await response.text();
      }
    };
    const writers = [writer(), writer()];
    await Promise.all(Array.from({ length: 6 }, () => reader(Math.ceil(CALLS / 6))));
    ended.value = true;
    await Promise.all(writers);
    const unexpected = [...seen.keys()].filter(
      (what) => !['receipt 200', 'proof file 200', 'proof file 409', 'strange 404'].includes(what),
    );
    expect(unexpected).toEqual([]);
    expect(seen.get('receipt 200')).toBeGreaterThan(0);
    expect(seen.get('proof file 200')).toBeGreaterThan(0);
  }, 600_000);

  it('are a 503, not a fault, while no connection to the database is to be had', async () => {
    const id = await decide();
    const source = server.app.get(DataSource);
    const runners = Array.from({ length: 16 }, () => source.createQueryRunner());
    await Promise.allSettled(runners.map((runner) => runner.connect()));
    const response = await receipt(id, 'application/json');
    expect([response.status, response.headers.get('content-type')]).toEqual([503, PROBLEM_JSON]);
    expect(response.headers.get('retry-after')).toBe('1');
    await Promise.all(runners.map((runner) => runner.release()));
    expect((await receipt(id, 'application/json')).status).toBe(200);
  }, 60_000);
});
