import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One wrapped key per data subject. Destroying the row erases the person. */
export class Vault1764000000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE SCHEMA vault;
CREATE TABLE vault.subject_key (
  id         uuid PRIMARY KEY,
  blind      bytea NOT NULL UNIQUE CHECK (octet_length(blind) = 32),
  wrapped    bytea NOT NULL,
  kek        text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
-- Keys that are about to be destroyed: replicas read it at least once a second and forget them.
CREATE TABLE vault.erasure_mark (
  mark      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key_id    uuid NOT NULL UNIQUE,
  marked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}
