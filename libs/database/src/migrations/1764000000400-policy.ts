import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is allowed: versions of policies, the sets that were active together, and the catalogue of resources. */
export class Policy1764000000400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA policy');
    await runner.query(versions);
    await runner.query(catalogue);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const versions = `
-- author_id and approver_id are accounts or actors, by UUID only.
CREATE TABLE policy.version (
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  version      int NOT NULL CHECK (version > 0),
  hash         text NOT NULL CHECK (hash ~ '^sha256:[0-9a-f]{64}$'),
  source       text NOT NULL,
  document     jsonb NOT NULL CHECK (jsonb_typeof(document) = 'object'),
  state        text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'approved', 'active', 'retired')),
  author_id    uuid NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  approver_id  uuid,
  approved_at  timestamptz,
  activated_at timestamptz,
  retired_at   timestamptz,
  PRIMARY KEY (name, version),
  CONSTRAINT version_once UNIQUE (name, hash),
  CONSTRAINT approved_by_another CHECK (approver_id <> author_id),
  CHECK ((approver_id IS NULL) = (approved_at IS NULL)),
  CHECK (state NOT IN ('approved', 'active') OR approver_id IS NOT NULL)
);
CREATE UNIQUE INDEX version_active ON policy.version (name) WHERE state = 'active';

-- What a version says never changes, who approved it neither, and it goes from state to state only as it may.
CREATE FUNCTION policy.refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE'
     AND (NEW.name, NEW.version, NEW.hash, NEW.source, NEW.document, NEW.author_id, NEW.created_at)
         IS NOT DISTINCT FROM (OLD.name, OLD.version, OLD.hash, OLD.source, OLD.document, OLD.author_id, OLD.created_at)
     AND (OLD.approver_id IS NULL OR (NEW.approver_id, NEW.approved_at) IS NOT DISTINCT FROM (OLD.approver_id, OLD.approved_at))
     AND (OLD.state, NEW.state) IN (('draft', 'approved'), ('draft', 'retired'), ('approved', 'active'),
                                    ('approved', 'retired'), ('active', 'retired'), ('retired', 'active')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% on policy.version is refused: versions are immutable', TG_OP USING ERRCODE = 'LX004';
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON policy.version
  FOR EACH ROW EXECUTE FUNCTION policy.refuse_version_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON policy.version
  FOR EACH STATEMENT EXECUTE FUNCTION policy.refuse_version_change();

-- Every set that was ever active, by the hash that records name it by; versions as [[name, version], ...].
CREATE TABLE policy.set (
  hash       text PRIMARY KEY,
  versions   jsonb NOT NULL,
  first_used timestamptz NOT NULL DEFAULT now()
);
`;

const catalogue = `
-- One row. Every change of the catalogue first adds one here and writes the new value beside what it changed; the row's lock
-- makes changes commit in that order, so a reader that has seen value n asks only for what is above n.
CREATE TABLE policy.catalogue_epoch (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  value bigint NOT NULL
);
INSERT INTO policy.catalogue_epoch (value) VALUES (0);

-- resource_id is an id or a glob; subject is the data subject ('user:u-1842') that the resource is about: personal data.
CREATE TABLE policy.resource (
  id           uuid PRIMARY KEY,
  type         text NOT NULL CHECK (length(type) BETWEEN 1 AND 255),
  resource_id  text NOT NULL CHECK (length(resource_id) BETWEEN 1 AND 255),
  data_classes text[] NOT NULL,
  sensitivity  text CHECK (sensitivity IN ('public', 'internal', 'confidential', 'restricted')),
  owner        text NOT NULL,
  subject      text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  removed_at   timestamptz,
  epoch        bigint NOT NULL
);
CREATE UNIQUE INDEX resource_once ON policy.resource (type, resource_id) WHERE removed_at IS NULL;
CREATE INDEX resource_epoch ON policy.resource (epoch);
`;
