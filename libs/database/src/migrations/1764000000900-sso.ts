import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People who sign in at their company's identity provider, and whom it makes, changes and ends over SCIM. */
export class Sso1764000000900 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(keys);
    await runner.query(signIn);
    await runner.query(provisioning);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const keys = `
ALTER TABLE identity.api_key DROP CONSTRAINT api_key_role_check;
ALTER TABLE identity.api_key ADD CONSTRAINT api_key_role_check CHECK (role IN ('agent', 'gateway', 'provisioner')) NOT VALID;
ALTER TABLE identity.api_key VALIDATE CONSTRAINT api_key_role_check;
`;

const signIn = `
-- A person who signs in elsewhere needs no password here; who has none cannot sign in with one.
ALTER TABLE identity.account DROP CONSTRAINT account_check;

-- Who somebody is at a provider. The issuer says which provider that is: its name in the settings may change its meaning.
CREATE TABLE identity.external_identity (
  issuer       text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 500),
  subject      text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
  account_id   uuid NOT NULL REFERENCES identity.account,
  linked_at    timestamptz NOT NULL DEFAULT now(),
  signed_in_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX external_identity_account ON identity.external_identity (account_id);

-- A sign-in that has begun: found by the state that comes back, and by the browser that began it; taken once.
CREATE TABLE identity.sso_attempt (
  state_hash   bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
  browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
  provider     text NOT NULL,
  -- Nonce and PKCE verifier.
  sealed       bytea NOT NULL,
  -- How the session is to be carried.
  session      text NOT NULL CHECK (session IN ('bearer', 'cookie')),
  -- Who is signed in already and links the identity to their account.
  account_id   uuid REFERENCES identity.account,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX sso_attempt_expiry ON identity.sso_attempt (expires_at);

-- Whose sign-in the provider means by a session id of its own.
CREATE TABLE identity.sso_session (
  issuer     text NOT NULL,
  sid        text NOT NULL,
  account_id uuid NOT NULL REFERENCES identity.account,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, sid)
);
CREATE INDEX sso_session_expiry ON identity.sso_session (expires_at);

-- Logout tokens that were used, for as long as one of them could come again.
CREATE TABLE identity.sso_logout (
  issuer     text NOT NULL,
  jti_hash   bytea NOT NULL CHECK (octet_length(jti_hash) = 32),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, jti_hash)
);
CREATE INDEX sso_logout_expiry ON identity.sso_logout (expires_at);
`;

const provisioning = `
-- A person whom a directory manages. The id is the account's. 'change' counts everything that may change what the person may do;
-- what it means for roles and agents is done when 'settled' has caught up.
CREATE TABLE identity.scim_user (
  id           uuid PRIMARY KEY REFERENCES identity.account,
  user_name    text NOT NULL CHECK (length(user_name) BETWEEN 1 AND 255),
  -- Of user_name, without case.
  name_key     text NOT NULL,
  external_id  text,
  display_name text,
  given_name   text,
  family_name  text,
  active       boolean NOT NULL,
  -- Whether it was the directory that disabled the account: only then may it enable it.
  disabled     boolean NOT NULL DEFAULT false,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  deleted_at   timestamptz,
  version      bigint NOT NULL DEFAULT 1,
  change       bigint NOT NULL DEFAULT 1,
  settled      bigint NOT NULL DEFAULT 0,
  settled_at   timestamptz NOT NULL DEFAULT now(),
  -- Hash of the mapping from groups to roles that was followed.
  mapping      bytea
);
CREATE UNIQUE INDEX scim_user_name_once ON identity.scim_user (name_key) WHERE deleted_at IS NULL;
CREATE INDEX scim_user_unsettled ON identity.scim_user (id) WHERE settled < change;

CREATE TABLE identity.scim_group (
  id           uuid PRIMARY KEY,
  display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 255),
  name_key     text NOT NULL CONSTRAINT scim_group_name_once UNIQUE,
  external_id  text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  version      bigint NOT NULL DEFAULT 1
);

CREATE TABLE identity.scim_member (
  group_id uuid NOT NULL REFERENCES identity.scim_group ON DELETE CASCADE,
  user_id  uuid NOT NULL REFERENCES identity.scim_user ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX scim_member_user ON identity.scim_member (user_id);
`;
