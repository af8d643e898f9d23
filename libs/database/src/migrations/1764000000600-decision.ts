import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What decisions are searched by: only what is public, and blind indexes. The record itself is in the ledger. */
export class Decision1764000000600 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
CREATE SCHEMA decision;
CREATE TABLE decision.decision (
  id          uuid PRIMARY KEY,
  class       smallint NOT NULL,
  outcome     text NOT NULL CHECK (outcome IN ('permit', 'deny', 'escalate')),
  principal   uuid NOT NULL,
  actor       text,
  actor_blind bytea,
  behalf_blind bytea,
  policies    text[] NOT NULL,
  review_id   uuid
);
CREATE INDEX decision_actor ON decision.decision (actor, id) WHERE actor IS NOT NULL;
CREATE INDEX decision_actor_blind ON decision.decision (actor_blind, id) WHERE actor_blind IS NOT NULL;
CREATE INDEX decision_behalf_blind ON decision.decision (behalf_blind, id) WHERE behalf_blind IS NOT NULL;
CREATE INDEX decision_notable ON decision.decision (outcome, id) WHERE outcome <> 'permit';
CREATE TABLE decision.idempotency (
  principal   uuid NOT NULL,
  key         bytea NOT NULL CHECK (octet_length(key) = 32),
  body        bytea NOT NULL CHECK (octet_length(body) = 32),
  decision_id uuid NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_once PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_age ON decision.idempotency USING brin (created_at);`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}
