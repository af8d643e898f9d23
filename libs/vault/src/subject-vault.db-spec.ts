import pg from 'pg';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { freshKeyFile, VaultKeys } from './key-file.js';
import { SubjectVault, VaultUnavailable } from './subject-vault.js';

describe('the vault of subject keys', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  const file = freshKeyFile();
  const open = (): SubjectVault => new SubjectVault(pool, new VaultKeys(file));

  beforeAll(async () => {
    database = await testDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 4 });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('gives every replica the same key for one subject, and another key for another', async () => {
    const [ours, theirs] = [open(), open()];
    const many = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => (i % 2 ? ours : theirs).keysOf(['user:ada', `user:${String(i % 3)}`])),
    );
    const ids = new Set(many.map(([key]) => key?.id));
    expect(ids.size).toBe(1);
    expect(new Set(many.map(([, key]) => key?.key.toString('hex'))).size).toBe(3);
  });

  it('has the key in the database before it hands it out', async () => {
    const [key] = await open().keysOf(['user:durable']);
    const { rowCount } = await pool.query('SELECT 1 FROM vault.subject_key WHERE id = $1', [key?.id]);
    expect(rowCount).toBe(1);
  });

  it('answers at once from memory while the erasure marks are fresh', async () => {
    const vault = open();
    const first = await vault.keysOf(['user:quick']);
    expect(vault.keysOf(['user:quick'])).toEqual(first);
  });

  it('cannot open what was sealed under a key that was erased, and makes a new key afterwards', async () => {
    const [ours, theirs] = [open(), open()];
    const [before] = await theirs.keysOf(['user:gone']);
    expect(await ours.erase('user:gone')).toBe(before?.id);
    expect((await theirs.openAll([before?.id ?? ''])).size).toBe(0);
    const [after] = await theirs.keysOf(['user:gone']);
    expect(after?.id).not.toBe(before?.id);
    expect(after?.key.equals(before?.key ?? Buffer.alloc(0))).toBe(false);
  });

  it('refuses a key that is marked for erasure on every replica within a second', async () => {
    const vault = open();
    const [key] = await vault.keysOf(['user:marked']);
    await pool.query('INSERT INTO vault.erasure_mark (key_id) VALUES ($1)', [key?.id]);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await expect(vault.keysOf(['user:marked'])).rejects.toBeInstanceOf(VaultUnavailable);
  });

  it('seals nothing while the key store is down', async () => {
    const dead = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', connectionTimeoutMillis: 300 });
    await expect(new SubjectVault(dead, new VaultKeys(file)).keysOf(['user:x'])).rejects.toBeInstanceOf(
      VaultUnavailable,
    );
    await dead.end();
  });

  it('holds no name and no key in the open', async () => {
    const [key] = await open().keysOf(['user:canary-name']);
    const { rows } = await pool.query<{ all: string }>(
      `SELECT string_agg(encode(blind, 'hex') || encode(wrapped, 'hex') || id, ' ') AS all FROM vault.subject_key`,
    );
    expect(rows[0]?.all).not.toContain(key?.key.toString('hex'));
    expect(rows[0]?.all).not.toContain(Buffer.from('canary-name').toString('hex'));
  });
});
