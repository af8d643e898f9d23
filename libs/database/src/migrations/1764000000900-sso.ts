import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People who sign in at their company's identity provider, and whom it makes, changes and ends over SCIM. */
export class Sso1764000000900 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(keys);
    await runner.query(signIn);
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
