import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Token buckets that all replicas share. An ordinary table: after a crash an empty one would refill every bucket. */
export class Limits1764000001100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE SCHEMA IF NOT EXISTS resilience;
-- key: SHA-256 of what is limited and whose it is. No index on full_at, so that an update touches no index.
CREATE TABLE resilience.bucket (
  key     bytea PRIMARY KEY CHECK (octet_length(key) = 32),
  full_at timestamptz NOT NULL
) WITH (fillfactor = 70);
-- Networks from which an account was signed in to with everything that it takes. mark: SHA-256 of the account and the network.
CREATE TABLE identity.known_network (
  mark    bytea PRIMARY KEY CHECK (octet_length(mark) = 32),
  seen_at timestamptz NOT NULL DEFAULT now()
);`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}
