import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles of people are grants: for a reason, from somebody, until a date. `identity.account.roles` stays for the release before. */
export class People1764000000700 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(grants);
    await runner.query(moved);
    await runner.query(administrators);
    await runner.query(activity);
    await runner.query(previousRelease);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const grants = `
ALTER TABLE identity.account
  DROP CONSTRAINT account_status_check,
  ADD CONSTRAINT account_status_check CHECK (status IN ('invited', 'active', 'disabled', 'deleted')),
  ADD COLUMN break_glass boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX account_one_break_glass ON identity.account (break_glass) WHERE break_glass AND status <> 'deleted';

-- Counts while it has not ended and its last day has not come.
CREATE TABLE identity.role_grant (
  id             uuid PRIMARY KEY,
  account_id     uuid NOT NULL REFERENCES identity.account,
  role           text NOT NULL CHECK (length(role) BETWEEN 1 AND 64),
  justification  text NOT NULL CHECK (length(justification) BETWEEN 1 AND 1000),
  ticket         text NOT NULL CHECK (length(ticket) BETWEEN 1 AND 100),
  source         text NOT NULL CHECK (source IN ('person', 'setup', 'bootstrap', 'sso', 'scim')),
  granted_by     uuid REFERENCES identity.account,
  granted_at     timestamptz NOT NULL DEFAULT now(),
  ends_at        timestamptz NOT NULL,
  ended_at       timestamptz,
  -- Null when the deployment itself ended it.
  ended_by       uuid REFERENCES identity.account,
  end_reason     text,
  by_break_glass boolean NOT NULL DEFAULT false,
  CONSTRAINT role_grant_from_another CHECK (granted_by <> account_id),
  CONSTRAINT role_grant_from_somebody CHECK (source <> 'person' OR granted_by IS NOT NULL),
  CONSTRAINT role_grant_period CHECK (ends_at > granted_at AND ends_at <= granted_at + interval '366 days'),
  CONSTRAINT role_grant_end_has_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX role_grant_once ON identity.role_grant (account_id, role, source) WHERE ended_at IS NULL;
CREATE INDEX role_grant_account ON identity.role_grant (account_id);
`;

const moved = `
INSERT INTO identity.role_grant (id, account_id, role, justification, ticket, source, granted_by, ends_at)
SELECT gen_random_uuid(), a.id, role, coalesce(nullif(left(a.justification, 1000), ''), 'not given'), 'before grants had tickets',
       CASE WHEN a.granted_by IS NULL THEN 'bootstrap' ELSE 'person' END, a.granted_by, now() + interval '365 days'
FROM identity.account a, unnest(a.roles) role GROUP BY a.id, role;
`;

/** Counted under the lock of one row, which a transaction that gives the role keeps until its end: fifty at once come one after the
 *  other, and each sees what those before it gave. */
const administrators = `
CREATE TABLE identity.administrator_lock (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO identity.administrator_lock DEFAULT VALUES;

CREATE FUNCTION identity.refuse_third_administrator(changed uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.administrator_lock SET changed_at = clock_timestamp();
  IF (SELECT count(*) > 2 AND bool_or(id = changed) FROM (
        SELECT DISTINCT a.id FROM identity.role_grant g JOIN identity.account a ON a.id = g.account_id
        WHERE g.role = 'admin' AND g.ended_at IS NULL AND g.ends_at > now()
          AND a.status IN ('invited', 'active') AND NOT a.break_glass) active) THEN
    RAISE EXCEPTION 'there are two active administrators'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'two_administrators', TABLE = 'role_grant', SCHEMA = 'identity';
  END IF;
END $$;

CREATE FUNCTION identity.check_granted_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.refuse_third_administrator(NEW.account_id);
  RETURN NULL;
END $$;
CREATE TRIGGER role_grant_two_administrators AFTER INSERT OR UPDATE ON identity.role_grant
  FOR EACH ROW WHEN (NEW.role = 'admin' AND NEW.ended_at IS NULL) EXECUTE FUNCTION identity.check_granted_administrator();

CREATE FUNCTION identity.check_enabled_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM identity.role_grant g WHERE g.account_id = NEW.id AND g.role = 'admin' AND g.ended_at IS NULL) THEN
    PERFORM identity.refuse_third_administrator(NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER account_two_administrators AFTER UPDATE OF status, break_glass ON identity.account
  FOR EACH ROW WHEN (NEW.status IN ('invited', 'active') AND NOT NEW.break_glass
    AND (OLD.status NOT IN ('invited', 'active') OR OLD.break_glass))
  EXECUTE FUNCTION identity.check_enabled_administrator();
`;

const activity = `
-- Set with every session that is opened, and when the account is enabled. erased_at: the key of a deleted person's data is gone.
ALTER TABLE identity.account
  ADD COLUMN last_active_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN erased_at timestamptz;
CREATE INDEX account_idle ON identity.account (last_active_at) WHERE status IN ('invited', 'active') AND NOT break_glass;
CREATE INDEX account_to_erase ON identity.account (id) WHERE status = 'deleted' AND erased_at IS NULL;

-- One for each session that the break-glass account was opened with, whichever way it came in.
CREATE TABLE identity.break_glass_use (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id   uuid NOT NULL REFERENCES identity.account,
  opened_at    timestamptz NOT NULL DEFAULT now(),
  -- When the alarm for it was raised and the use put on record.
  announced_at timestamptz,
  reviewed_at  timestamptz,
  reviewed_by  uuid REFERENCES identity.account,
  -- Who broke the glass, as the reviewer found out; null when nobody could.
  used_by      uuid REFERENCES identity.account,
  verdict      text CHECK (verdict IN ('justified', 'not-justified')),
  reason       text CHECK (length(reason) BETWEEN 1 AND 1000),
  CONSTRAINT break_glass_use_reviewed CHECK ((reviewed_at IS NULL) = (reason IS NULL)
    AND (reviewed_at IS NULL) = (verdict IS NULL) AND (reviewed_at IS NULL) = (reviewed_by IS NULL)),
  CONSTRAINT break_glass_use_reviewed_by_another CHECK (reviewed_by <> account_id AND reviewed_by <> used_by)
);
CREATE INDEX break_glass_use_silent ON identity.break_glass_use (opened_at) WHERE announced_at IS NULL;

CREATE FUNCTION identity.note_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.account SET last_active_at = now() WHERE id = NEW.account_id;
  INSERT INTO identity.break_glass_use (account_id)
  SELECT id FROM identity.account WHERE id = NEW.account_id AND break_glass;
  RETURN NULL;
END $$;
CREATE TRIGGER session_noted AFTER INSERT ON identity.session FOR EACH ROW EXECUTE FUNCTION identity.note_session();
`;

const previousRelease = `
-- The release before writes roles with the account and reads them there: both ways are kept until it is gone.
CREATE FUNCTION identity.grant_listed_roles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO identity.role_grant (id, account_id, role, justification, ticket, source, granted_by, ends_at)
  SELECT gen_random_uuid(), NEW.id, role, coalesce(nullif(left(NEW.justification, 1000), ''), 'not given'),
         'before grants had tickets', CASE WHEN NEW.granted_by IS NULL THEN 'bootstrap' ELSE 'person' END, NEW.granted_by,
         now() + interval '365 days'
  FROM (SELECT DISTINCT unnest(NEW.roles) AS role) listed;
  RETURN NULL;
END $$;
CREATE TRIGGER account_listed_roles AFTER INSERT ON identity.account
  FOR EACH ROW WHEN (cardinality(NEW.roles) > 0) EXECUTE FUNCTION identity.grant_listed_roles();

CREATE FUNCTION identity.list_granted_roles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.account a SET roles = ARRAY(
    SELECT DISTINCT g.role FROM identity.role_grant g
    WHERE g.account_id = a.id AND g.ended_at IS NULL AND g.ends_at > now() ORDER BY g.role)
  WHERE a.id = NEW.account_id;
  RETURN NULL;
END $$;
CREATE TRIGGER role_grant_listed_roles AFTER INSERT OR UPDATE ON identity.role_grant
  FOR EACH ROW EXECUTE FUNCTION identity.list_granted_roles();
`;
