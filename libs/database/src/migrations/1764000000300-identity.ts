import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may come in: actors with their keys, people with their sessions. Secrets are stored hashed or sealed, never in clear. */
export class Identity1764000000300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA identity');
    await runner.query(actors);
    await runner.query(people);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const actors = `
-- One row. Every change of an actor or key first adds one here and writes the new value beside what it changed; the row's lock
-- makes changes commit in that order, so a reader that has seen value n asks only for what is above n.
CREATE TABLE identity.epoch (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  value bigint NOT NULL
);
INSERT INTO identity.epoch (value) VALUES (0);

-- The name of a 'user' (a person known to the caller's system) is personal data.
CREATE TABLE identity.actor (
  id         uuid PRIMARY KEY,
  type       text NOT NULL CHECK (type IN ('agent', 'service', 'user')),
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  owner      text NOT NULL,
  purpose    text NOT NULL,
  roles      text[] NOT NULL,
  attributes jsonb NOT NULL CHECK (jsonb_typeof(attributes) = 'object'),
  status     text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT now(),
  epoch      bigint NOT NULL,
  CONSTRAINT actor_name_once UNIQUE (type, name)
);
CREATE INDEX actor_epoch ON identity.actor (epoch);

CREATE TABLE identity.api_key (
  id          text PRIMARY KEY CHECK (length(id) = 12),
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  actor_id    uuid NOT NULL REFERENCES identity.actor,
  role        text NOT NULL CHECK (role IN ('agent', 'gateway')),
  environment text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz NOT NULL,
  revoked_at  timestamptz,
  epoch       bigint NOT NULL,
  CHECK (expires_at <= created_at + interval '90 days')
);
CREATE INDEX api_key_epoch ON identity.api_key (epoch);
CREATE INDEX api_key_actor ON identity.api_key (actor_id);
`;

const people = `
-- email is stored normalised: NFC, lower case, no space around it.
CREATE TABLE identity.account (
  id            uuid PRIMARY KEY,
  email         text NOT NULL,
  password      text,
  totp_secret   bytea,
  totp_enrolled boolean NOT NULL DEFAULT false,
  -- The last time step whose code was used; every later one is larger.
  totp_step     bigint NOT NULL DEFAULT 0,
  roles         text[] NOT NULL,
  justification text NOT NULL,
  granted_by    uuid REFERENCES identity.account,
  status        text NOT NULL CHECK (status IN ('invited', 'active', 'disabled')),
  created_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT account_email_once UNIQUE (email),
  CHECK (status <> 'active' OR password IS NOT NULL)
);

-- What a person holds for one next step. Used once; only the hash is kept.
CREATE TABLE identity.ticket (
  hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  purpose    text NOT NULL CHECK (purpose IN ('invitation', 'second-factor', 'enrolment')),
  account_id uuid NOT NULL REFERENCES identity.account,
  attempts   int NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX ticket_expiry ON identity.ticket (expires_at);

CREATE TABLE identity.session (
  hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  account_id uuid NOT NULL REFERENCES identity.account,
  -- A setup session may only invite people.
  kind       text NOT NULL CHECK (kind IN ('full', 'setup')),
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at    timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX session_account ON identity.session (account_id);
CREATE INDEX session_expiry ON identity.session (expires_at);

-- One row: the token that makes the first administrator, until it was used.
CREATE TABLE identity.setup (
  one     boolean PRIMARY KEY DEFAULT true CHECK (one),
  hash    bytea NOT NULL CHECK (octet_length(hash) = 32),
  used_at timestamptz
);

-- Attempts to sign in, counted before they are tried. A bucket is a hash of an account's e-mail or of a network address.
CREATE TABLE identity.attempt (
  bucket        bytea PRIMARY KEY CHECK (octet_length(bucket) = 32),
  count         int NOT NULL,
  last_at       timestamptz NOT NULL DEFAULT now(),
  blocked_until timestamptz
);
CREATE INDEX attempt_age ON identity.attempt (last_at);
`;
