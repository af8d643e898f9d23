import pg from 'pg';
import { ensurePartitions } from '../src/partitions.js';
import { TestLog } from './log.js';

describe('the partitions of the payload', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await TestLog.create();
  });
  afterEach(async () => {
    await log.close();
  });

  const dropThisMonths = async (): Promise<void> => {
    const { rows } = await log.pool.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits
       WHERE inhparent IN ('ledger.payload_0'::regclass, 'ledger.payload_2'::regclass, 'ledger.payload_3'::regclass)`,
    );
    expect(rows.length).toBeGreaterThan(2);
    for (const { name } of rows) await log.pool.query(`DROP TABLE ${name}`);
  };

  it('are made while a backup holds its lock on the whole table, and while an append is under way', async () => {
    await dropThisMonths();
    const backup = new pg.Client({ connectionString: log.database.url });
    const client = new pg.Client({ connectionString: log.database.url, statement_timeout: 5_000 });
    await Promise.all([backup.connect(), client.connect()]);
    try {
      await backup.query('BEGIN');
      await backup.query('LOCK TABLE ledger.payload IN ACCESS SHARE MODE');
      await backup.query('LOCK TABLE ledger.payload_0, ledger.payload_3 IN ROW EXCLUSIVE MODE');
      await ensurePartitions(client);
      await log.append('while the backup runs');
    } finally {
      await Promise.all([backup.end(), client.end()]);
    }
  });

  it('have the indexes and the triggers of the whole table', async () => {
    await dropThisMonths();
    const client = await log.pool.connect();
    await ensurePartitions(client);
    client.release();
    await log.append('kept');
    await expect(log.pool.query('DELETE FROM ledger.payload')).rejects.toThrow('refused');
    const { rows } = await log.pool.query<{ indexes: string }>(
      `SELECT count(*) AS indexes FROM pg_inherits p JOIN pg_index x ON x.indrelid = p.inhrelid
       WHERE p.inhparent = 'ledger.payload_3'::regclass AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = x.indexrelid)`,
    );
    expect(rows).toEqual([{ indexes: '0' }]);
  });

  it('are there again before the sequencer writes anything of its own, however long it was away', async () => {
    await dropThisMonths();
    const sequencer = log.sequencer();
    sequencer.start();
    try {
      await log.published(2);
      expect(sequencer.halted).toBeNull();
    } finally {
      await sequencer.stop();
    }
  });
});
