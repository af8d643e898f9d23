import type { Pool } from 'pg';
import type { VaultKeys } from './vault-keys.js';

/** Keys that one statement wraps anew. */
const AT_ONCE = 500;

export interface Rewrapped {
  /** How many keys were wrapped anew. */
  readonly count: number;
  /** How many keys are left under others than the current key encryption key, by its name. */
  readonly left: Readonly<Record<string, number>>;
}

interface Row {
  readonly id: string;
  readonly wrapped: Buffer;
  readonly kek: string;
}

/** Wraps every subject's key under the current key encryption key that is not yet, some at a time; a run that was stopped is continued by
 *  the next one. Replicas may work on, and others may do the same: a row changes only if it is still what was read, and an erased one
 *  stays erased. Keys that another replica makes meanwhile under an older key encryption key are counted as left. */
export async function rewrap(pool: Pool, keys: VaultKeys): Promise<Rewrapped> {
  let count = 0;
  for (let after: string | null = null; ;) {
    const { rows }: { readonly rows: readonly Row[] } = await pool.query<Row>(
      `SELECT id, wrapped, kek FROM vault.subject_key
       WHERE kek <> $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
      [keys.current, after, AT_ONCE],
    );
    const last = rows.at(-1);
    if (!last) break;
    after = last.id;
    count += await store(pool, keys, rows);
  }
  return { count, left: await leftUnder(pool, keys.current) };
}

async function store(pool: Pool, keys: VaultKeys, rows: readonly Row[]): Promise<number> {
  const anew = rows.map(({ id, wrapped, kek }) => keys.wrap(keys.unwrap(wrapped, id, kek), id));
  const { rowCount } = await pool.query(
    `UPDATE vault.subject_key k SET wrapped = u.anew, kek = $4
     FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) u(id, before, anew)
     WHERE k.id = u.id AND k.wrapped = u.before`,
    [rows.map(({ id }) => id), rows.map(({ wrapped }) => wrapped), anew, keys.current],
  );
  return rowCount ?? 0;
}

async function leftUnder(pool: Pool, current: string): Promise<Readonly<Record<string, number>>> {
  const { rows } = await pool.query<{ kek: string; count: string }>(
    'SELECT kek, count(*) AS count FROM vault.subject_key WHERE kek <> $1 GROUP BY kek ORDER BY kek',
    [current],
  );
  return Object.fromEntries(rows.map(({ kek, count }) => [kek, Number(count)]));
}
