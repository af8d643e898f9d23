import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sessions that can be listed and rotated, and second factors beside the authenticator app. */
export class Session1764000000800 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sessions);
    await runner.query(tickets);
    await runner.query(factors);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const sessions = `
-- The id may be shown to anybody who may see the session; it opens nothing. proven_at: the last proof of a second factor.
ALTER TABLE identity.session
  ADD COLUMN id        uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN transport text NOT NULL DEFAULT 'bearer' CHECK (transport IN ('bearer', 'cookie')),
  ADD COLUMN method    text NOT NULL DEFAULT 'totp' CHECK (length(method) BETWEEN 1 AND 32),
  ADD COLUMN network   text NOT NULL DEFAULT 'unknown' CHECK (length(network) BETWEEN 1 AND 64),
  ADD COLUMN proven_at timestamptz NOT NULL DEFAULT now();
UPDATE identity.session SET proven_at = created_at;
CREATE UNIQUE INDEX session_id ON identity.session (id);
`;

const tickets = `
-- How the session that comes of it will be carried, as the first step of signing in asked.
ALTER TABLE identity.ticket
  ADD COLUMN transport text NOT NULL DEFAULT 'bearer' CHECK (transport IN ('bearer', 'cookie'));
ALTER TABLE identity.ticket DROP CONSTRAINT ticket_purpose_check;
ALTER TABLE identity.ticket ADD CONSTRAINT ticket_purpose_check
  CHECK (purpose IN ('invitation', 'second-factor', 'enrolment', 'factor-reset', 'password-reset')) NOT VALID;
ALTER TABLE identity.ticket VALIDATE CONSTRAINT ticket_purpose_check;
CREATE INDEX ticket_account ON identity.ticket (account_id);
`;

const factors = `
-- account.totp_enrolled says from here on that a second factor was set up once: no password alone begins another enrolment, in the
-- release before either. The authenticator app counts while there is a secret whose first code was used (totp_step > 0).

CREATE TABLE identity.passkey (
  id            uuid PRIMARY KEY,
  account_id    uuid NOT NULL REFERENCES identity.account,
  credential_id bytea NOT NULL CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
  public_key    bytea NOT NULL CHECK (octet_length(public_key) BETWEEN 1 AND 4096),
  -- As the authenticator counts its signatures; it never goes back. Always 0 for authenticators that do not count.
  counter       bigint NOT NULL CHECK (counter >= 0),
  transports    text[] NOT NULL,
  label         text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
  backed_up     boolean NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  used_at       timestamptz,
  CONSTRAINT passkey_credential_once UNIQUE (credential_id)
);
CREATE INDEX passkey_account ON identity.passkey (account_id);

-- What an authenticator is asked to sign, hashed. Used once. Without an account: whoever signs in names it with the passkey.
CREATE TABLE identity.passkey_challenge (
  hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  purpose    text NOT NULL CHECK (purpose IN ('enrolment', 'registration', 'sign-in', 'second-factor', 'step-up')),
  account_id uuid REFERENCES identity.account,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX passkey_challenge_expiry ON identity.passkey_challenge (expires_at);

-- SHA-256 of a code of 125 random bits.
CREATE TABLE identity.recovery_code (
  hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  account_id uuid NOT NULL REFERENCES identity.account,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at    timestamptz
);
CREATE INDEX recovery_code_account ON identity.recovery_code (account_id);

-- The secret of an authenticator app that shall take the place of the one in use, until its first code comes. Sealed.
CREATE TABLE identity.totp_replacement (
  account_id uuid PRIMARY KEY REFERENCES identity.account,
  secret     bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
`;
