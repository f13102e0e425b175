"""The record: facts, what is read from them, tracks, and messages to the outside."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE center (
  center smallint PRIMARY KEY,
  epoch integer NOT NULL
);
INSERT INTO center VALUES (1, 1);

-- Append-only; `hash` chains each fact to the one before. `personal` and `salt` can be emptied
-- to erase a person: the chain holds, since it covers `personal_hash` alone.
CREATE TABLE fact (
  center smallint NOT NULL,
  number bigint NOT NULL,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  version smallint NOT NULL,
  incident_id text,
  body json NOT NULL,
  personal json,
  salt bytea,
  personal_hash bytea,
  hash bytea NOT NULL,
  PRIMARY KEY (center, number)
);
CREATE INDEX fact_incident ON fact (incident_id, number) WHERE incident_id IS NOT NULL;

CREATE TABLE snapshot (
  center smallint NOT NULL,
  number bigint NOT NULL,
  evolve_version integer NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (center, number)
);

CREATE TABLE incident (
  id text PRIMARY KEY,
  number bigint NOT NULL,
  status text NOT NULL,
  kind text NOT NULL,
  gravity smallint NOT NULL,
  channel text NOT NULL,
  plan_version text NOT NULL,
  resident_id text,
  handset_id text,
  area_id text,
  area_path text NOT NULL,
  raised_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  closed_at timestamptz,
  disposition text,
  presses integer NOT NULL,
  operator_id text,
  linked_to text
);
CREATE INDEX incident_raised ON incident (raised_at);
CREATE INDEX incident_resident ON incident (resident_id, raised_at);
CREATE INDEX incident_open ON incident (raised_at) WHERE closed_at IS NULL;

CREATE TABLE offer (
  id text PRIMARY KEY,
  incident_id text NOT NULL,
  caregiver_id text NOT NULL,
  state text NOT NULL,
  level text NOT NULL,
  chosen_by text NOT NULL,
  made_at timestamptz NOT NULL,
  answer_by timestamptz NOT NULL,
  shown_at timestamptz,
  answered_at timestamptz,
  travel_s double precision NOT NULL,
  distance_m double precision NOT NULL
);
CREATE INDEX offer_incident ON offer (incident_id);

CREATE TABLE attendance (
  id text PRIMARY KEY,
  incident_id text NOT NULL,
  caregiver_id text NOT NULL,
  state text NOT NULL,
  accepted_at timestamptz NOT NULL,
  set_out_at timestamptz,
  arrived_at timestamptz,
  ended_at timestamptz,
  outcome text
);
CREATE INDEX attendance_incident ON attendance (incident_id);

CREATE TABLE area (
  id text PRIMARY KEY,
  parent_id text,
  level text NOT NULL,
  name text NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  ring json NOT NULL
);
CREATE TABLE resident (
  id text PRIMARY KEY,
  area_id text NOT NULL,
  state text NOT NULL,
  category text NOT NULL,
  ability text NOT NULL,
  lives_alone boolean NOT NULL,
  language text NOT NULL,
  communication text NOT NULL,
  home_is_pinned boolean NOT NULL,
  excluded json NOT NULL,
  lon double precision,
  lat double precision,
  name text NOT NULL,
  sex text NOT NULL,
  born text NOT NULL,
  telephone text NOT NULL,
  address text NOT NULL,
  medical text NOT NULL,
  key_note text NOT NULL
);
CREATE INDEX resident_name ON resident (name text_pattern_ops);
CREATE INDEX resident_telephone ON resident (telephone text_pattern_ops);
CREATE TABLE handset (
  id text PRIMARY KEY,
  resident_id text,
  model text NOT NULL
);
CREATE INDEX handset_resident ON handset (resident_id);
CREATE TABLE caregiver (
  id text PRIMARY KEY,
  kind text NOT NULL,
  skills json NOT NULL,
  languages json NOT NULL,
  area_id text NOT NULL,
  speed_kmh double precision NOT NULL,
  is_active boolean NOT NULL,
  lon double precision,
  lat double precision,
  name text NOT NULL,
  telephone text NOT NULL
);

CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  fact_number bigint NOT NULL,
  incident_id text NOT NULL,
  payload json NOT NULL,
  not_before timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  lease_until timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  delivered_at timestamptz,
  expired_at timestamptz
);
CREATE INDEX outbox_due ON outbox (not_before) WHERE delivered_at IS NULL AND expired_at IS NULL;

-- Narrow, and by day of receipt: a day's positions are dropped as one partition.
CREATE TABLE track (
  subject text NOT NULL,
  kind smallint NOT NULL,
  at timestamptz,
  received_at timestamptz NOT NULL,
  lon double precision,
  lat double precision,
  accuracy_m real,
  source smallint,
  battery_pct smallint
) PARTITION BY RANGE (received_at);
CREATE TABLE last_position (
  subject text PRIMARY KEY,
  at timestamptz NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  accuracy_m real,
  source smallint NOT NULL
) WITH (fillfactor = 60);

CREATE TABLE staged_import (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  facts json NOT NULL,
  done integer NOT NULL DEFAULT 0
);
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The record is never taken down: restore a backup instead.")
