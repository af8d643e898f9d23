import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Cases that wait for people. A review holds no personal data: what was asked is sealed in the decision's ledger entry. */
export class Oversight1764000000500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE SCHEMA oversight;
CREATE TABLE oversight.review (
  id          uuid PRIMARY KEY,
  decision_id uuid NOT NULL UNIQUE,
  status      text NOT NULL CHECK (status IN ('pending', 'expired')),
  roles       text[] NOT NULL CHECK (cardinality(roles) > 0),
  quorum      smallint NOT NULL CHECK (quorum > 0),
  opened_at   timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL CHECK (expires_at > opened_at),
  on_expiry   text NOT NULL CHECK (on_expiry IN ('deny', 'permit')),
  outcome     text CHECK (outcome IN ('deny', 'permit')),
  requester   uuid NOT NULL,
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
  CHECK ((status = 'pending') = (outcome IS NULL))
);
CREATE INDEX review_pending ON oversight.review (expires_at) WHERE status = 'pending';`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}
