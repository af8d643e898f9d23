import { APPEND_CALL, appendValues, type Freshness, type Prepared, type SignedBatch } from './batch.js';
import type { EntryKind, Persistence } from './core/index.js';

export interface Statement {
  /** Prepared-statement name: one for each set of tables. */
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** The one statement that stores leaves, payloads and every room's own rows, or nothing. It answers `fresh`: false when exactly
 *  this batch is already stored. Each room's rows are gated on it, because PostgreSQL runs data-modifying CTEs in any case. */
export function appendStatement(
  prepared: readonly Prepared[],
  batch: SignedBatch,
  freshness: Freshness | null,
): Statement {
  const values = appendValues(prepared, batch, freshness);
  const rows = [...kindsIn(prepared)].flatMap((kind) => rowsOf(kind, prepared));
  const parts = rows.map(({ name, persistence, records }) => {
    const offset = values.length + 1;
    values.push(...persistence.values(records));
    return `, ${name} AS (${persistence.sql((i) => `$${String(offset + i)}`)})`;
  });
  return {
    name: `append:${rows.map(({ name }) => name).join(',')}`,
    text: `WITH a AS MATERIALIZED (SELECT ${APPEND_CALL} AS fresh)${parts.join('')} SELECT fresh FROM a`,
    values,
  };
}

interface Rows {
  readonly name: string;
  readonly persistence: Persistence<unknown>;
  readonly records: readonly unknown[];
}

/** The tables that this kind's members of the batch have rows in. */
function rowsOf(kind: EntryKind<unknown>, prepared: readonly Prepared[]): readonly Rows[] {
  if (!kind.persist) return [];
  const all = prepared.filter((one) => one.kind === kind).map((one) => one.record);
  return kind.persist
    .map((persistence) => ({
      name: `${kind.name.replaceAll('-', '_')}_${persistence.table}`,
      persistence,
      records: persistence.concerns ? all.filter((record) => persistence.concerns?.(record)) : all,
    }))
    .filter(({ records }) => records.length > 0);
}

/** Kinds of a batch in a stable order. */
function kindsIn(prepared: readonly Prepared[]): ReadonlySet<EntryKind<unknown>> {
  const kinds = new Set(prepared.map((one) => one.kind));
  return kinds.size < 2 ? kinds : new Set([...kinds].sort((a, b) => (a.name < b.name ? -1 : 1)));
}
