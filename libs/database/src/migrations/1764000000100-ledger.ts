import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The append-only record: batches written by any replica, one linear sequence, tiles, heads, epochs. */
export class Ledger1764000000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await runner.query(partitions);
    await runner.query(append);
    await runner.query(appendOnly);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations are forward-only'));
  }
}

const tables = `
CREATE SCHEMA ledger;
-- Numbers batches after their transaction has its xid and before it commits: order of acknowledgement. CACHE must stay 1.
CREATE SEQUENCE ledger.arrival CACHE 1;

CREATE TABLE ledger.batch (
  batch_id  uuid PRIMARY KEY,
  arrival   bigint NOT NULL UNIQUE,
  n         int NOT NULL CHECK (n BETWEEN 1 AND 1024),
  signed_at bigint NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  signature bytea NOT NULL CHECK (octet_length(signature) = 68),
  leaves    bytea NOT NULL CHECK (octet_length(leaves) = 98 * n)
);
ALTER TABLE ledger.batch ALTER leaves SET STORAGE EXTERNAL;

-- part 0 holds the public body and the first person's ciphertext, part k the ciphertext of person k.
CREATE TABLE ledger.payload (
  class          smallint NOT NULL,
  entry_id       uuid NOT NULL,
  part           smallint NOT NULL,
  batch_id       uuid NOT NULL,
  ord            smallint NOT NULL,
  body           bytea,
  ciphertext     bytea,
  subject_key_id uuid,
  PRIMARY KEY (class, entry_id, part)
) PARTITION BY LIST (class);
CREATE INDEX payload_subject_key ON ledger.payload (subject_key_id) WHERE ciphertext IS NOT NULL;

CREATE TABLE ledger.shard (
  log_id      int PRIMARY KEY,
  name        text NOT NULL UNIQUE,
  opened_at   timestamptz NOT NULL,
  closed_size bigint
);
CREATE TABLE ledger.seq (
  log_id   int NOT NULL REFERENCES ledger.shard,
  base_idx bigint NOT NULL,
  n        int NOT NULL,
  next_idx bigint GENERATED ALWAYS AS (base_idx + n) STORED,
  follows  bigint CHECK (follows = base_idx),
  batch_id uuid UNIQUE REFERENCES ledger.batch,
  PRIMARY KEY (log_id, base_idx, n),
  UNIQUE (log_id, next_idx),
  UNIQUE (log_id, follows),
  FOREIGN KEY (log_id, follows) REFERENCES ledger.seq (log_id, next_idx),
  CHECK ((follows IS NULL) = (batch_id IS NULL)),
  CHECK (batch_id IS NOT NULL OR (base_idx = 0 AND n = 0))
);
CREATE TABLE ledger.tile (
  log_id int NOT NULL,
  level  smallint NOT NULL,
  n      bigint NOT NULL,
  data   bytea NOT NULL CHECK (octet_length(data) = 8192),
  PRIMARY KEY (log_id, level, n)
);
ALTER TABLE ledger.tile ALTER data SET STORAGE EXTERNAL;
CREATE TABLE ledger.tree_head (
  log_id      int NOT NULL REFERENCES ledger.shard,
  size        bigint NOT NULL,
  prev_size   bigint CHECK (prev_size < size),
  root        bytea NOT NULL CHECK (octet_length(root) = 32),
  compact     bytea NOT NULL,
  low_arrival bigint NOT NULL,
  PRIMARY KEY (log_id, size),
  UNIQUE (log_id, prev_size),
  FOREIGN KEY (log_id, prev_size) REFERENCES ledger.tree_head (log_id, size)
);
-- A row here says that the guard outside the database holds this head: it is published.
CREATE TABLE ledger.head_sig (
  log_id    int NOT NULL,
  size      bigint NOT NULL,
  key_name  text NOT NULL,
  signature bytea NOT NULL CHECK (octet_length(signature) = 68),
  PRIMARY KEY (log_id, size, key_name),
  FOREIGN KEY (log_id, size) REFERENCES ledger.tree_head (log_id, size)
);

-- Freshness: what a decision was made under. Values only grow.
CREATE TABLE ledger.epoch (
  name  text NOT NULL CHECK (name IN ('policy', 'kill')),
  value bigint NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (name, value)
);
INSERT INTO ledger.epoch (name, value, since) VALUES ('policy', 0, 'epoch'), ('kill', 0, 'epoch');

CREATE TABLE ledger.signing_key (
  name       text NOT NULL,
  vkey       text PRIMARY KEY,
  first_used timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);

CREATE TABLE ledger.verification (
  id          uuid PRIMARY KEY,
  requested_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  log_id      int NOT NULL,
  from_index  bigint NOT NULL,
  to_index    bigint NOT NULL,
  done_index  bigint NOT NULL,
  state       text NOT NULL CHECK (state IN ('running', 'valid', 'invalid', 'failed')),
  findings    jsonb NOT NULL DEFAULT '[]'
);
`;

const partitions = `
CREATE TABLE ledger.payload_0 PARTITION OF ledger.payload FOR VALUES IN (0) PARTITION BY RANGE (entry_id);
CREATE TABLE ledger.payload_1 PARTITION OF ledger.payload FOR VALUES IN (1) PARTITION BY RANGE (entry_id);
CREATE TABLE ledger.payload_2 PARTITION OF ledger.payload FOR VALUES IN (2) PARTITION BY RANGE (entry_id);
CREATE TABLE ledger.payload_3 PARTITION OF ledger.payload FOR VALUES IN (3) PARTITION BY RANGE (entry_id);
CREATE TABLE ledger.payload_4 PARTITION OF ledger.payload FOR VALUES IN (4) PARTITION BY RANGE (entry_id);

-- Smallest UUIDv7 of a moment.
CREATE FUNCTION ledger.first_id(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-0000-0000-000000000000'
  FROM lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') h
$$;

-- Daily partitions for decisions, monthly ones for everything else, up to the given number of days ahead. A new table is attached
-- rather than created in its place: that waits for no reader and no writer, so a backup under way cannot stop the log.
CREATE FUNCTION ledger.ensure_partitions(days int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  k int; unit text; lo timestamptz; made int := 0; tab text;
BEGIN
  PERFORM pg_advisory_xact_lock(7103);
  FOREACH k IN ARRAY ARRAY[0, 1, 2, 3, 4] LOOP
    unit := CASE WHEN k IN (1, 4) THEN 'day' ELSE 'month' END;
    lo := date_trunc(unit, (now() - interval '1 day') AT TIME ZONE 'utc') AT TIME ZONE 'utc';
    WHILE lo < now() + make_interval(days => days) LOOP
      tab := format('payload_%s_%s', k, to_char(lo AT TIME ZONE 'utc', CASE WHEN unit = 'day' THEN 'YYYYMMDD' ELSE 'YYYYMM' END));
      IF to_regclass('ledger.' || tab) IS NULL THEN
        EXECUTE format('CREATE TABLE ledger.%I (LIKE ledger.%I INCLUDING ALL)', tab, 'payload_' || k);
        EXECUTE format('ALTER TABLE ledger.%I ATTACH PARTITION ledger.%I FOR VALUES FROM (%L) TO (%L)', 'payload_' || k, tab,
          ledger.first_id(lo), ledger.first_id((lo AT TIME ZONE 'utc' + ('1 ' || unit)::interval) AT TIME ZONE 'utc'));
        made := made + 1;
      END IF;
      lo := (lo AT TIME ZONE 'utc' + ('1 ' || unit)::interval) AT TIME ZONE 'utc';
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
SELECT ledger.ensure_partitions(14);
`;

const append = `
-- Stores one batch; false when exactly this batch is already stored, and then nothing is written.
-- Raises LX001 when the kill switch moved on, LX002 when the policy set was superseded more than two seconds ago.
CREATE FUNCTION ledger.append_batch(
  p_batch uuid, p_signed_at bigint, p_signature bytea, p_kill bigint, p_policy bigint,
  p_class smallint[], p_ids uuid[], p_part smallint[], p_ord smallint[], p_body bytea[], p_ciphertext bytea[], p_key uuid[],
  p_leaves bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM ledger.batch WHERE batch_id = p_batch) THEN RETURN false; END IF;
  -- The payload first: it gives the transaction its xid, and only then is the arrival number taken.
  INSERT INTO ledger.payload (class, entry_id, part, batch_id, ord, body, ciphertext, subject_key_id)
    SELECT c, i, t, p_batch, o, b, x, k
    FROM unnest(p_class, p_ids, p_part, p_ord, p_body, p_ciphertext, p_key) u(c, i, t, o, b, x, k);
  INSERT INTO ledger.batch (batch_id, arrival, n, signed_at, signature, leaves)
    VALUES (p_batch, nextval('ledger.arrival'), octet_length(p_leaves) / 98, p_signed_at, p_signature, p_leaves);
  -- Last, so that it sees what was committed while the rows above were written.
  IF p_kill IS NOT NULL AND EXISTS (SELECT 1 FROM ledger.epoch WHERE name = 'kill' AND value > p_kill) THEN
    RAISE EXCEPTION 'decided under kill-switch epoch %, which is superseded', p_kill USING ERRCODE = 'LX001';
  END IF;
  IF p_policy IS NOT NULL AND EXISTS (
    SELECT 1 FROM ledger.epoch
    WHERE name = 'policy' AND value = p_policy + 1 AND since < clock_timestamp() - interval '2 seconds'
  ) THEN
    RAISE EXCEPTION 'decided under policy epoch %, which is superseded', p_policy USING ERRCODE = 'LX002';
  END IF;
  RETURN true;
END $$;
`;

const appendOnly = `
CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on %.% is refused: the ledger is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'LX003';
END $$;
DO $$
DECLARE tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['batch', 'seq', 'tile', 'tree_head', 'head_sig', 'epoch'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.%I FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', tab);
    EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger.%I FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', tab);
  END LOOP;
  CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger.payload FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
END $$;

-- Of a payload only the ciphertext may go, and only to nothing (erasure, retention); whole partitions are dropped.
CREATE FUNCTION ledger.refuse_payload_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.ciphertext IS NULL
     AND (NEW.class, NEW.entry_id, NEW.part, NEW.batch_id, NEW.ord) IS NOT DISTINCT FROM (OLD.class, OLD.entry_id, OLD.part, OLD.batch_id, OLD.ord)
     AND NEW.body IS NOT DISTINCT FROM OLD.body AND NEW.subject_key_id IS NOT DISTINCT FROM OLD.subject_key_id THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% on ledger.payload is refused', TG_OP USING ERRCODE = 'LX003';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.payload FOR EACH ROW EXECUTE FUNCTION ledger.refuse_payload_change();
`;
