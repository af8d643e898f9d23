import type pg from 'pg';
import { FRESH, NoteKind, type Note, noteOf, TestLog } from '../test/log.js';
import type { Backlog } from './backlog.js';
import { textArray } from './binary-array.js';
import type { EntryKind, Receipt } from './core/index.js';
import { LedgerUnavailable } from './failure.js';
import { LedgerService } from './ledger.service.js';

/** A kind whose rows the database may refuse. */
const Checked: EntryKind<Note> = {
  ...NoteKind,
  persist: [
    {
      table: 'checked',
      sql: (p) => `INSERT INTO public.checked (text) SELECT t FROM unnest(${p(0)}::text[]) u(t), a WHERE a.fresh`,
      values: (records) => [textArray(records.map(({ text }) => text))],
    },
  ],
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('writing batches', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await TestLog.create();
    await log.pool.query(`CREATE TABLE public.checked (text text NOT NULL CHECK (text <> 'checked'))`);
  });
  afterEach(async () => {
    await log.close();
  });

  /** Statements of the append go through `query`. */
  const ledgerOver = (query: (run: () => Promise<unknown>, text: string) => Promise<unknown>): LedgerService => {
    const through = (statement: string | { text: string }, values?: unknown[]): Promise<unknown> =>
      query(
        () => log.pool.query(statement as string, values),
        typeof statement === 'string' ? statement : statement.text,
      );
    const writers = Object.create(log.pool, { query: { value: through } }) as pg.Pool;
    return new LedgerService(writers, log.pool, log.keys, { refusal: () => null } as Backlog);
  };
  const appendTo = (ledger: LedgerService, text: string): Promise<readonly Receipt[]> =>
    ledger.append([{ kind: Checked, record: noteOf(text) }], FRESH);
  const count = async (): Promise<number> =>
    Number((await log.pool.query<{ n: string }>('SELECT count(*) AS n FROM public.checked')).rows[0]?.n);
  const kill = (): Promise<number> => log.database.dataSource.transaction((tx) => log.ledger.advanceEpoch(tx, 'kill'));

  it.each([
    ['that breaks a constraint', 'checked'],
    ['that the database cannot store', 'a\u0000b'],
  ])('fails only the caller of one record %s among a hundred', async (_, bad) => {
    const texts = Array.from({ length: 100 }, (_, i) => (i === 63 ? bad : `entry ${String(i)}`));
    const results = await Promise.allSettled(texts.map((text) => appendTo(log.ledger, text)));
    expect(results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([63]);
    expect(results[63]).toMatchObject({ reason: { mayBeRecorded: false } });
    expect(await count()).toBe(99);
    const { rows } = await log.pool.query<{ n: string }>('SELECT sum(n) AS n FROM ledger.batch');
    expect(rows).toEqual([{ n: '99' }]);
  });

  it('fails only the caller of an entry id that is taken', async () => {
    const taken = noteOf('first');
    await log.ledger.append([{ kind: Checked, record: taken }], FRESH);
    const records = Array.from({ length: 20 }, (_, i) => (i === 7 ? { ...taken, text: 'second' } : noteOf(String(i))));
    const results = await Promise.allSettled(
      records.map((record) => log.ledger.append([{ kind: Checked, record }], FRESH)),
    );
    expect(results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([7]);
    expect(await count()).toBe(20);
  });

  it('keeps together what one call appended, refused together with its bad record', async () => {
    const items = ['good', 'checked'].map((text) => ({ kind: Checked, record: noteOf(text) }));
    const [together, other] = await Promise.allSettled([
      log.ledger.append(items, FRESH),
      appendTo(log.ledger, 'another call'),
    ]);
    expect([together.status, other.status]).toEqual(['rejected', 'fulfilled']);
    expect(await count()).toBe(1);
  });

  it('never takes a batch apart whose outcome is unknown', async () => {
    let lost = 0;
    const ledger = ledgerOver(async (run, text) => {
      const result = await run();
      if (text.includes('append_batch') && lost++ === 0) throw new Error('connection terminated');
      return result;
    });
    const receipts = await Promise.all(Array.from({ length: 10 }, (_, i) => appendTo(ledger, String(i))));
    expect(new Set(receipts.flat().map(({ batch }) => batch)).size).toBe(1);
    expect(await count()).toBe(10);
    await ledger.close();
  });

  it('lets nothing leave that was recorded before the kill switch and is found to be so after it', async () => {
    let attempts = 0;
    const ledger = ledgerOver(async (run, text) => {
      const result = await run();
      if (!text.includes('append_batch') || attempts++ > 0) return result;
      await kill();
      throw new Error('connection terminated');
    });
    const answer = appendTo(ledger, 'decided before');
    await expect(answer).rejects.toBeInstanceOf(LedgerUnavailable);
    await expect(answer).rejects.toMatchObject({ mayBeRecorded: true });
    expect(attempts).toBe(2);
    expect(await count()).toBe(1);
    await ledger.close();
  });

  it('lets it leave when no switch was used meanwhile', async () => {
    let attempts = 0;
    const ledger = ledgerOver(async (run, text) => {
      const result = await run();
      if (text.includes('append_batch') && attempts++ === 0) throw new Error('connection terminated');
      return result;
    });
    expect(await appendTo(ledger, 'decided before')).toHaveLength(1);
    expect(attempts).toBe(2);
    await ledger.close();
  });

  it.each([
    ['used', 'rejected'],
    ['not used', 'fulfilled'],
  ])('checks the epochs again when a commit took long: the kill switch %s meanwhile', async (used, status) => {
    await log.pool.query(`
      CREATE FUNCTION public.slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON public.checked DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.slow_commit()`);
    const answer = Promise.allSettled([appendTo(log.ledger, 'slow')]);
    await pause(300);
    if (used === 'used') await kill();
    expect(await answer).toMatchObject([{ status }]);
    expect(await count()).toBe(1);
  });

  it('lets nothing leave while the epochs cannot be asked', async () => {
    let attempts = 0;
    const ledger = ledgerOver(async (run, text) => {
      if (!text.includes('append_batch')) throw new Error('connection terminated');
      const result = await run();
      if (attempts++ === 0) throw new Error('connection terminated');
      return result;
    });
    await expect(appendTo(ledger, 'decided before')).rejects.toMatchObject({ mayBeRecorded: true });
    await ledger.close();
  });
});
