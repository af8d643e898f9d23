import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who answers for an agent, when it is looked at again, how many keys it has, where they were used, whose tokens let it in. */
export class Agent1764000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(registration);
    await runner.query(keys);
    await runner.query(uses);
    await runner.query(federations);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const registration = `
-- What the release before registers, and what was registered before, is due within the shortest usual term and has no class yet.
ALTER TABLE identity.actor
  ADD COLUMN owner_account_id uuid REFERENCES identity.account,
  ADD COLUMN review_by   date DEFAULT (now() AT TIME ZONE 'UTC')::date + 90,
  ADD COLUMN reviewed_at timestamptz,
  ADD COLUMN risk_class  text NOT NULL DEFAULT 'unclassified'
    CHECK (risk_class IN ('unclassified', 'minimal', 'limited', 'high')),
  ADD CONSTRAINT actor_is_reviewed CHECK (type = 'user' OR review_by IS NOT NULL);
UPDATE identity.actor SET review_by = NULL WHERE type = 'user';
CREATE INDEX actor_owner_account ON identity.actor (owner_account_id) WHERE owner_account_id IS NOT NULL;
CREATE INDEX actor_review ON identity.actor (review_by) WHERE status = 'active';
`;

const keys = `
-- scopes: NULL is every permission of the role. networks: NULL is from anywhere.
ALTER TABLE identity.api_key
  ADD COLUMN scopes   text[],
  ADD COLUMN networks text[] CHECK (cardinality(networks) BETWEEN 1 AND 32);

-- Two keys overlap while one takes the place of the other; a third would be one that nobody looks after. The actor's row is locked, so
-- that those who issue at once are counted one after the other.
CREATE FUNCTION identity.at_most_two_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.revoked_at IS NOT NULL OR NEW.expires_at <= now() THEN RETURN NULL; END IF;
  IF TG_OP = 'UPDATE' AND OLD.revoked_at IS NULL AND OLD.expires_at > now() THEN RETURN NULL; END IF;
  PERFORM 1 FROM identity.actor WHERE id = NEW.actor_id FOR NO KEY UPDATE;
  IF (SELECT count(*) FROM identity.api_key
      WHERE actor_id = NEW.actor_id AND revoked_at IS NULL AND expires_at > now()) > 2 THEN
    RAISE EXCEPTION 'an actor has two keys at most' USING ERRCODE = 'LX101';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER at_most_two_keys AFTER INSERT OR UPDATE OF expires_at, revoked_at ON identity.api_key
  FOR EACH ROW EXECUTE FUNCTION identity.at_most_two_keys();
`;

const uses = `
-- A credential is the id of an API key or of a federation. used_at is as coarse as it is written: a minute.
CREATE TABLE identity.credential_use (
  credential text PRIMARY KEY,
  used_at    timestamptz NOT NULL
);
-- Networks (IPv4 /24, IPv6 /48) that a credential was used from, each on record once.
CREATE TABLE identity.credential_network (
  credential text NOT NULL,
  network    text NOT NULL,
  seen_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (credential, network)
);
`;

const federations = `
-- Whose tokens let an actor in: the pinned issuer's name for it. Removed ones stay, so that replicas learn of the removal.
CREATE TABLE identity.actor_federation (
  id         uuid PRIMARY KEY,
  actor_id   uuid NOT NULL REFERENCES identity.actor,
  issuer     text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 500),
  subject    text NOT NULL CHECK (length(subject) BETWEEN 1 AND 500),
  role       text NOT NULL CHECK (role IN ('agent', 'gateway', 'provisioner')),
  created_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  epoch      bigint NOT NULL
);
CREATE UNIQUE INDEX actor_federation_once ON identity.actor_federation (issuer, subject) WHERE removed_at IS NULL;
CREATE INDEX actor_federation_epoch ON identity.actor_federation (epoch);
CREATE INDEX actor_federation_actor ON identity.actor_federation (actor_id);
`;
