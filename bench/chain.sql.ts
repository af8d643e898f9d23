/** The naive hash chain that the ledger is measured against. Frozen: a change here makes figures incomparable. One transaction
 *  for each decision, under a lock that is held from reading the head to the commit; six round trips. */
export const CHAIN_TABLES = `
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.chain_entry (
  seq        bigint PRIMARY KEY,
  entry_id   uuid NOT NULL UNIQUE,
  prev       bytea NOT NULL,
  hash       bytea NOT NULL,
  leaf       bytea NOT NULL,
  body       bytea NOT NULL,
  ciphertext bytea,
  key_id     uuid
);
CREATE TABLE IF NOT EXISTS bench.chain_head (id int PRIMARY KEY, seq bigint NOT NULL, hash bytea NOT NULL);
INSERT INTO bench.chain_head VALUES (1, 0, sha256('')) ON CONFLICT DO NOTHING;
`;

export const CHAIN_BEGIN = 'BEGIN';
export const CHAIN_LOCK = 'SELECT pg_advisory_xact_lock(7190)';
export const CHAIN_HEAD = 'SELECT seq, hash FROM bench.chain_head WHERE id = 1';
export const CHAIN_INSERT = 'INSERT INTO bench.chain_entry VALUES ($1, $2, $3, $4, $5, $6, $7, $8)';
export const CHAIN_ADVANCE = 'UPDATE bench.chain_head SET seq = $1, hash = $2 WHERE id = 1';
export const CHAIN_COMMIT = 'COMMIT';

/** A row of 1 KiB, by itself in its transaction: what one durable write costs here. */
export const PLAIN_TABLE = `
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.plain (id uuid PRIMARY KEY, body bytea NOT NULL);
`;
export const PLAIN_INSERT = 'INSERT INTO bench.plain VALUES ($1, $2)';
