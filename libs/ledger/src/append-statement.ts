import { APPEND_CALL, appendValues, type Freshness, type Prepared, type SignedBatch } from './batch.js';
import type { EntryKind } from './core/index.js';

export interface Statement {
  /** Prepared-statement name: one for each set of kinds. */
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
  const parts: string[] = [];
  for (const kind of kindsIn(prepared)) {
    const { persist } = kind;
    if (!persist) continue;
    const offset = values.length + 1;
    persist
      .sql((i) => `$${String(offset + i)}`)
      .forEach((sql, i) => parts.push(`, ${kind.name.replaceAll('-', '_')}_${String(i)} AS (${sql})`));
    values.push(...persist.values(prepared.filter((one) => one.kind === kind).map((one) => one.record)));
  }
  return {
    name: `append:${[...kindsIn(prepared)]
      .filter((kind) => kind.persist)
      .map((kind) => kind.name)
      .join(',')}`,
    text: `WITH a AS MATERIALIZED (SELECT ${APPEND_CALL} AS fresh)${parts.join('')} SELECT fresh FROM a`,
    values,
  };
}

/** Kinds of a batch in a stable order. */
function kindsIn(prepared: readonly Prepared[]): ReadonlySet<EntryKind<unknown>> {
  const kinds = new Set(prepared.map((one) => one.kind));
  return kinds.size < 2 ? kinds : new Set([...kinds].sort((a, b) => (a.name < b.name ? -1 : 1)));
}
