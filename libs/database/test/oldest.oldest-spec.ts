import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { OLDEST_MAJOR } from '../src/migrate.js';

describe('the oldest PostgreSQL that is supported', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(async () => {
    await database.drop();
  });

  it('is the one that these tests run on', async () => {
    const rows = await database.dataSource.query<{ server_version: string }[]>('SHOW server_version');
    expect(rows[0]?.server_version.startsWith(`${String(OLDEST_MAJOR)}.`)).toBe(true);
  });

  it('lets an erasure take the sealed part out of a payload, and the key away, and nothing else', async () => {
    const { dataSource } = database;
    await dataSource.query(
      `INSERT INTO vault.subject_key (id, blind, wrapped, kek) VALUES (gen_random_uuid(), sha256('a'), 'x', 'k1')`,
    );
    await dataSource.query(`INSERT INTO ledger.payload (class, entry_id, part, batch_id, ord, body, ciphertext, subject_key_id)
      SELECT 0, ledger.first_id(now())::uuid, 0, gen_random_uuid(), 0, 'b', 'c', id FROM vault.subject_key`);
    await dataSource.query('UPDATE ledger.payload SET ciphertext = NULL');
    await expect(dataSource.query(`UPDATE ledger.payload SET body = 'other'`)).rejects.toMatchObject({ code: 'LX003' });
    await dataSource.query('DELETE FROM vault.subject_key');
    expect(await dataSource.query('SELECT 1 FROM vault.subject_key')).toEqual([]);
  });
});
