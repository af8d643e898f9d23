import type { Receipt } from '@lexecon/ledger/core';
import { run, type Said } from '../src/cli.js';
import { ServedLog } from './served-log.js';

describe('lexecon-verify and what the server hands out', () => {
  let log: ServedLog;
  let receipts: readonly Receipt[];
  let keys: string;
  let older: string;

  beforeAll(async () => {
    log = await ServedLog.start();
    await log.append(150);
    older = log.file('older', await log.text('checkpoint'));
    receipts = await log.append(800);
    keys = log.file('keys', await log.text('keys'));
  }, 60_000);
  afterAll(async () => {
    await log.stop();
  });

  const verify = (...args: string[]): Promise<Said> => run([...args, '--key', keys], Date.now());
  const exported = async (query = ''): Promise<string> => log.file('export', await log.text(`export${query}`));

  it('accepts every receipt, bare and with its place proven', async () => {
    for (const receipt of receipts.slice(0, 20)) {
      expect(await verify('receipt', log.file('receipt', JSON.stringify(receipt)))).toMatchObject({ code: 0 });
      const proof = await log.proof(receipt.entry);
      const proven = { ...receipt, index: proof?.index, proof };
      const said = await verify('receipt', log.file('receipt', JSON.stringify(proven)));
      expect(said).toEqual({
        code: 0,
        text: expect.stringContaining(`entry ${String(proof?.index)} of ledger.test/`) as string,
      });
    }
  });

  it('accepts the export of the whole log, and the checkpoint saved before it grew', async () => {
    const said = await verify('export', await exported(), '--checkpoint', older);
    expect(said).toEqual({ code: 0, text: expect.stringContaining('is its beginning') as string });
    expect(said.text).toContain(`entries 0 to ${String(await log.size())} of ledger.test/`);
  });

  it('accepts parts of the log, by place and by moment', async () => {
    for (const query of ['?from=1&to=2', '?from=100&to=700', '?from=256', '?to=257', '?from=511&to=513'])
      expect(await verify('export', await exported(query))).toMatchObject({ code: 0 });
    const [year, ago] = [new Date(Date.now() + 3_600_000), new Date(Date.now() - 3_600_000)].map((time) =>
      time.toISOString(),
    );
    const whole = await verify('export', await exported(`?from=${ago ?? ''}&to=${year ?? ''}`));
    expect(whole.text).toContain(`entries 0 to ${String(await log.size())} of`);
    expect((await log.get(`export?from=${year ?? ''}`)).statusCode).not.toBe(200);
  });

  it('accepts consistency proofs and proof files', async () => {
    const newer = log.file('newer', await log.text('checkpoint'));
    const hint = await run(['checkpoints', older, newer, '--key', keys], 0);
    expect(hint.code).toBe(2);
    const olderSize = /from=(\d+)/.exec(hint.text)?.[1] ?? '';
    const step = log.file('step', await log.text(`proofs/consistency?from=${olderSize}`));
    expect(await verify('checkpoints', older, newer, '--proof', step)).toMatchObject({ code: 0 });
    for (const index of [0, 255, 256, 700])
      expect(
        await verify('proof', log.file('proof', await log.text(`proofs/inclusion?index=${String(index)}`))),
      ).toMatchObject({ code: 0 });
  });

  it.each<[string, string, RegExp]>([
    [
      'a changed payload',
      `UPDATE ledger.payload SET body = set_bit(body, 80, 1 - get_bit(body, 80)) WHERE entry_id = $1 AND part = 0`,
      /^invalid: entry \d+: /,
    ],
    [
      'a deleted payload',
      'DELETE FROM ledger.payload WHERE entry_id = $1 AND part = 0',
      /^invalid: entry \d+: its payload is missing/,
    ],
    [
      'a changed leaf',
      'UPDATE ledger.batch SET leaves = set_bit(leaves, 64, 1 - get_bit(leaves, 64)) WHERE batch_id = (SELECT batch_id FROM ledger.payload WHERE entry_id = $1 AND part = 0)',
      /^invalid: (entry \d+|batch)/,
    ],
    [
      'a changed signature',
      'UPDATE ledger.batch SET signature = set_bit(signature, 64, 1 - get_bit(signature, 64)) WHERE batch_id = (SELECT batch_id FROM ledger.payload WHERE entry_id = $1 AND part = 0)',
      /^invalid: batch /,
    ],
    [
      'another root of the head',
      'UPDATE ledger.tree_head SET root = set_bit(root, 64, 1 - get_bit(root, 64)) WHERE $1::uuid IS NOT NULL',
      /^invalid: the checkpoint: bad signature/,
    ],
  ])('refuses the export of a database with %s', async (_name, sql, message) => {
    const change = async (): Promise<void> => {
      await log.database.dataSource.transaction(async (tx) => {
        await tx.query('SET LOCAL session_replication_role = replica');
        await tx.query(sql, [receipts[400]?.entry]);
      });
    };
    const saved = await log.database.dataSource.query<{ body: Buffer }[]>(
      'SELECT * FROM ledger.payload WHERE entry_id = $1',
      [receipts[400]?.entry],
    );
    await change();
    const said = await verify('export', await exported());
    expect(said).toEqual({ code: 1, text: expect.stringMatching(message) as string });
    if (sql.startsWith('UPDATE')) await change();
    else await restore(saved[0]);
    expect(await verify('export', await exported())).toMatchObject({ code: 0 });
  });

  const restore = async (row: object | undefined): Promise<void> => {
    const columns = Object.keys(row ?? {});
    const places = columns.map((_, i) => `$${String(i + 1)}`);
    await log.database.dataSource.query(
      `INSERT INTO ledger.payload (${columns.join()}) VALUES (${places.join()})`,
      Object.values(row ?? {}),
    );
  };
});
