import pg from 'pg';
import { testDatabase, type TestDatabase } from '@lexecon/database/testing';
import { freshKeyFile, openKeyFile } from './key-file.js';
import { SubjectVault, VaultUnavailable } from './subject-vault.js';
import type { VaultKeys } from './vault-keys.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('the vault of subject keys', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  const file = freshKeyFile();
  let keys: VaultKeys;
  const open = (): SubjectVault => new SubjectVault(pool, keys);

  beforeAll(async () => {
    keys = await openKeyFile(file, null);
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

  it('passes no erasure over, though one that began later was marked sooner', async () => {
    const [ours, theirs] = [open(), open()];
    const [slow] = await theirs.keysOf(['user:slow']);
    await theirs.keysOf(['user:fast']);
    await pool.query(`
      CREATE FUNCTION public.slow_mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON vault.erasure_mark FOR EACH ROW WHEN (NEW.key_id = '${slow?.id ?? ''}')
        EXECUTE FUNCTION public.slow_mark()`);
    const erasures = [ours.erase('user:slow')];
    await pause(100);
    erasures.push(ours.erase('user:fast'));
    await pause(150);
    await theirs.refresh();
    await pause(400);
    await theirs.refresh();
    await expect(Promise.resolve(theirs.keysOf(['user:slow']))).rejects.toBeInstanceOf(VaultUnavailable);
    await Promise.all(erasures);
    await pool.query('DROP FUNCTION public.slow_mark CASCADE');
  });

  it('keeps no key in memory whose erasure it learned of while the key was on its way', async () => {
    const [made] = await open().keysOf(['user:crossing']);
    let arrived = (): void => undefined;
    const onItsWay = new Promise<void>((resolve) => (arrived = resolve));
    const query = async (sql: string, values: unknown[]): Promise<unknown> => {
      const result = await pool.query(sql, values);
      if (sql.includes('vault.subject_key k')) await onItsWay;
      return result;
    };
    const vault = new SubjectVault(Object.create(pool, { query: { value: query } }) as pg.Pool, keys);
    await vault.refresh();
    const asked = vault.keysOf(['user:crossing']);
    await pause(100);
    await pool.query('INSERT INTO vault.erasure_mark (key_id) VALUES ($1)', [made?.id]);
    await vault.refresh();
    arrived();
    await asked;
    await expect(Promise.resolve(vault.keysOf(['user:crossing']))).rejects.toBeInstanceOf(VaultUnavailable);
  });

  it('seals nothing while the key store is down', async () => {
    const dead = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', connectionTimeoutMillis: 300 });
    await expect(new SubjectVault(dead, keys).keysOf(['user:x'])).rejects.toBeInstanceOf(VaultUnavailable);
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
