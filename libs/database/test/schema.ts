import type { DataSource } from 'typeorm';

/** What a schema consists of, as lines that can be compared: columns, constraints, indexes, triggers, functions. Partitions that are made
 *  as time goes by are left out. */
export async function schemaLines(source: DataSource): Promise<readonly string[]> {
  const rows = await source.query<{ line: string }[]>(`
    WITH n AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'),
    c AS (
      SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind FROM pg_class c JOIN n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND c.relname !~ '_[0-9]{6,8}$'
    )
    SELECT 'column ' || c.name || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
        || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS line
      FROM c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    UNION ALL SELECT 'constraint ' || c.name || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
      FROM c JOIN pg_constraint k ON k.conrelid = c.oid WHERE k.contype <> 'n'
    UNION ALL SELECT 'index ' || pg_get_indexdef(i.indexrelid) FROM c JOIN pg_index i ON i.indrelid = c.oid
    UNION ALL SELECT 'trigger ' || c.name || ' ' || pg_get_triggerdef(t.oid)
      FROM c JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0
    UNION ALL SELECT 'function ' || n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ') ' || md5(p.prosrc)
      FROM pg_proc p JOIN n ON n.oid = p.pronamespace
    ORDER BY line`);
  return rows.map((row) => row.line);
}
