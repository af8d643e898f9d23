import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What access events are searched by, and access-review campaigns. */
export class AccessReview1764000001200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(events);
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
