import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What access events are searched by, and access-review campaigns. */
export class AccessReview1764000001200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(events);
    await runner.query(reviews);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const events = `
-- One row for each ledger entry of the kind 'access', under the entry's id. Only what is public, and blind indexes of people, which
-- erasure takes away; the entry itself is in the ledger.
CREATE TABLE identity.access_event (
  id          uuid PRIMARY KEY,
  event       text NOT NULL,
  agent       text,
  actor       text,
  by_blind    bytea CHECK (octet_length(by_blind) = 32),
  about_blind bytea CHECK (octet_length(about_blind) = 32)
);
CREATE INDEX access_event_event ON identity.access_event (event, id);
CREATE INDEX access_event_agent ON identity.access_event (agent, id) WHERE agent IS NOT NULL;
CREATE INDEX access_event_actor ON identity.access_event (actor, id) WHERE actor IS NOT NULL;
CREATE INDEX access_event_by ON identity.access_event (by_blind, id) WHERE by_blind IS NOT NULL;
CREATE INDEX access_event_about ON identity.access_event (about_blind, id) WHERE about_blind IS NOT NULL;
-- What was recorded before there was this table (11 is the byte of the kind 'access' in a leaf).
INSERT INTO identity.access_event (id, event, agent, actor)
SELECT id, facts ->> 'event', facts -> 'by' ->> 'id', facts -> 'actor' ->> 'id'
FROM ledger.payload p JOIN ledger.batch b USING (batch_id),
  LATERAL (SELECT p.entry_id AS id, ('x' || encode(substring(p.body FROM 1 FOR 4), 'hex'))::bit(32)::int AS length) l,
  LATERAL (SELECT convert_from(substring(p.body FROM 5 FOR l.length), 'UTF8')::jsonb AS facts) f
WHERE p.class = 3 AND p.part = 0 AND get_byte(b.leaves, p.ord * 98 + 4) = 11;
`;

const reviews = `
-- The report holds people by account id alone; what it says is hashed in its ledger entry and signed in its note.
CREATE TABLE identity.access_review (
  id        uuid PRIMARY KEY,
  name      text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- Of campaigns that the calendar opens: one for each, however many replicas try.
  period    text CHECK (period ~ '^[0-9]{4}-[0-9]{2}$'),
  opened_by uuid REFERENCES identity.account,
  opened_at timestamptz NOT NULL,
  due_at    timestamptz NOT NULL,
  closed_at timestamptz,
  report    text,
  note      text,
  entry_id  uuid,
  CONSTRAINT access_review_period_once UNIQUE (period),
  CONSTRAINT access_review_term CHECK (due_at > opened_at),
  CONSTRAINT access_review_closed CHECK (num_nulls(closed_at, report, note, entry_id) IN (0, 4))
);
CREATE INDEX access_review_running ON identity.access_review (due_at) WHERE closed_at IS NULL;

-- account_id: whoever holds the grant, or answers for the agent. reason and salt go when that person is erased; the hash of both stays.
CREATE TABLE identity.access_review_item (
  id          uuid PRIMARY KEY,
  review_id   uuid NOT NULL REFERENCES identity.access_review,
  kind        text NOT NULL CHECK (kind IN ('grant', 'key', 'agent')),
  of_id       text NOT NULL,
  account_id  uuid REFERENCES identity.account,
  actor_id    uuid REFERENCES identity.actor,
  granted_by  uuid REFERENCES identity.account,
  snapshot    jsonb NOT NULL,
  outcome     text CHECK (outcome IN ('confirmed', 'revoked', 'revoked-automatically', 'kept', 'ended-before')),
  exception   text CHECK (exception IN ('last-administrator', 'break-glass')),
  decided_by  uuid REFERENCES identity.account,
  decided_at  timestamptz,
  reason      text,
  salt        bytea CHECK (octet_length(salt) = 16),
  reason_hash bytea CHECK (octet_length(reason_hash) = 32),
  CONSTRAINT access_review_item_once UNIQUE (review_id, kind, of_id),
  CONSTRAINT access_review_item_decided CHECK ((outcome IS NULL) = (decided_at IS NULL)),
  CONSTRAINT access_review_item_kept CHECK ((outcome = 'kept') = (exception IS NOT NULL) OR outcome IS NULL)
);
CREATE INDEX access_review_item_page ON identity.access_review_item (review_id, id);
CREATE INDEX access_review_item_undecided ON identity.access_review_item (review_id, id) WHERE outcome IS NULL;
CREATE INDEX access_review_item_account ON identity.access_review_item (account_id);
`;
