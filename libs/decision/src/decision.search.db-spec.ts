import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import type { DecisionMaker } from './decision.maker.js';
import { DecisionSearch } from './decision.search.js';

const ROWS = 50_000;

describe('searching fifty thousand decisions', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
    await database.dataSource.query(
      `INSERT INTO decision.decision (id, class, outcome, principal, actor, policies)
       SELECT ledger.first_id(now() - make_interval(secs => $1 - i))::uuid, 1, 'permit', gen_random_uuid(), 'agent-' || i % 20,
         CASE WHEN i % 5000 = 0 THEN ARRAY['rare', 'common'] WHEN i % 2 = 0 THEN ARRAY['common'] ELSE ARRAY['other'] END
       FROM generate_series(1, $1::int) i`,
      [ROWS],
    );
    await database.dataSource.query('ANALYZE decision.decision');
  });
  afterAll(async () => {
    await database.drop();
  });

  /** The statement that a search sends, and what the planner makes of it. */
  const planOf = async (policy: string, cursor?: string): Promise<string> => {
    const sent: { sql: string; values: unknown[] }[] = [];
    const source = Object.create(database.dataSource, {
      query: {
        value: (sql: string, values: unknown[]) => {
          sent.push({ sql, values });
          return Promise.resolve([]);
        },
      },
    }) as DataSource;
    const search = new DecisionSearch(source, { blindOf: () => Buffer.alloc(32) } as unknown as DecisionMaker);
    await search.search({ policy, limit: 50, ...(cursor !== undefined && { cursor }) });
    const [one] = sent;
    const rows = await database.dataSource.query<{ 'QUERY PLAN': string }[]>(`EXPLAIN ${one?.sql ?? ''}`, one?.values);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it.each(['rare', 'common', 'never-seen'])(
    'by the policy %s uses an index, and reads no table whole',
    async (policy) => {
      const plan = await planOf(policy);
      expect(plan).toMatch(/Index Scan (Backward )?(using decision_pkey|on decision_policies)/);
      expect(plan).not.toMatch(/Seq Scan on decision/);
    },
  );

  it('by a policy that decided little uses the index of policies', async () => {
    expect(await planOf('rare')).toContain('decision_policies');
    expect(await planOf('rare', '0199f0c4-5d3e-7c1a-9b44-6f1f0d7c2a10')).toMatch(/decision_policies|decision_pkey/);
  });

  it('would read the whole table without it (control)', async () => {
    await database.dataSource.transaction(async (tx) => {
      await tx.query('DROP INDEX decision.decision_policies');
      const rows = await tx.query<{ 'QUERY PLAN': string }[]>(
        `EXPLAIN SELECT id FROM decision.decision WHERE policies @> ARRAY['rare']`,
      );
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Seq Scan on decision');
      await tx.query('ROLLBACK');
      await tx.query('BEGIN');
    });
  });
});
