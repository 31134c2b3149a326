CREATE TABLE artifact (
  id TEXT NOT NULL,
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  output TEXT NOT NULL,
  created FLOAT(53) NOT NULL,
  uri TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE attempt (
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  state TEXT NOT NULL,
  executor TEXT NOT NULL,
  ref TEXT NOT NULL,
  code INTEGER,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  started FLOAT(53) NOT NULL,
  ended FLOAT(53),
  PRIMARY KEY (run, task, attempt)
);
CREATE TABLE cache (
  cache_key TEXT NOT NULL,
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  title TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  created FLOAT(53) NOT NULL,
  expires FLOAT(53),
  material TEXT NOT NULL,
  outputs TEXT NOT NULL,
  PRIMARY KEY (cache_key)
);
CREATE TABLE event (
  seq BIGSERIAL NOT NULL,
  run TEXT NOT NULL,
  kind TEXT NOT NULL,
  at FLOAT(53) NOT NULL,
  task TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (seq)
);
CREATE TABLE metric (
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  name TEXT NOT NULL,
  value FLOAT(53) NOT NULL,
  PRIMARY KEY (run, task, name)
);
CREATE TABLE plan (
  digest TEXT NOT NULL,
  kind TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE TABLE run (
  run TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  experiment TEXT NOT NULL,
  place TEXT NOT NULL,
  plan TEXT NOT NULL,
  created FLOAT(53) NOT NULL,
  started FLOAT(53),
  ended FLOAT(53),
  owner TEXT NOT NULL,
  lease FLOAT(53) NOT NULL,
  parameters TEXT NOT NULL,
  outputs TEXT NOT NULL,
  options TEXT NOT NULL,
  PRIMARY KEY (run)
);
CREATE TABLE task (
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  position BIGINT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  executor TEXT NOT NULL,
  queued FLOAT(53) NOT NULL,
  started FLOAT(53),
  ended FLOAT(53),
  is_group BOOLEAN NOT NULL,
  cache_key TEXT NOT NULL,
  source TEXT NOT NULL,
  parameters TEXT NOT NULL,
  inputs TEXT NOT NULL,
  outputs TEXT NOT NULL,
  artifacts TEXT NOT NULL,
  PRIMARY KEY (run, task)
);
CREATE INDEX artifact_by_age ON artifact (created);
CREATE INDEX artifact_by_uri ON artifact (uri);
CREATE INDEX artifact_of_run ON artifact (run);
CREATE INDEX cache_by_age ON cache (created);
CREATE INDEX cache_by_title ON cache (pipeline, title, created);
CREATE INDEX cache_of_run ON cache (run);
CREATE INDEX event_of_kind ON event (kind, seq);
CREATE INDEX event_of_run ON event (run, seq);
CREATE INDEX run_by_age ON run (created);
CREATE INDEX run_by_experiment ON run (experiment, created);
CREATE INDEX run_by_state ON run (state, created);
CREATE INDEX task_in_order ON task (run, position);
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL PRIMARY KEY
);
INSERT INTO alembic_version VALUES ('0001');
