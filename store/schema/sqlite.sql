CREATE TABLE "plan" (
  digest TEXT NOT NULL,
  kind TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE TABLE artifact (
  id TEXT NOT NULL,
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  output TEXT NOT NULL,
  created FLOAT NOT NULL,
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
  started FLOAT NOT NULL,
  ended FLOAT,
  PRIMARY KEY (run, task, attempt)
)
 WITHOUT ROWID;
CREATE TABLE cache (
  cache_key TEXT NOT NULL,
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  title TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  created FLOAT NOT NULL,
  expires FLOAT,
  key_parts TEXT NOT NULL,
  outputs TEXT NOT NULL,
  PRIMARY KEY (cache_key)
);
CREATE TABLE event (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  run TEXT NOT NULL,
  kind TEXT NOT NULL,
  at FLOAT NOT NULL,
  task TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  data TEXT NOT NULL
);
CREATE TABLE experiment (
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  created FLOAT NOT NULL,
  archived FLOAT,
  PRIMARY KEY (name)
);
CREATE TABLE label (
  run TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
)
 WITHOUT ROWID;
CREATE TABLE metric (
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  name TEXT NOT NULL,
  value FLOAT NOT NULL,
  PRIMARY KEY (run, task, name)
)
 WITHOUT ROWID;
CREATE TABLE parameter (
  run TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  number FLOAT,
  PRIMARY KEY (run, name)
)
 WITHOUT ROWID;
CREATE TABLE point (
  position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  seq BIGINT NOT NULL,
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  replica INTEGER NOT NULL,
  metric TEXT NOT NULL,
  step BIGINT NOT NULL,
  at FLOAT NOT NULL,
  value FLOAT
);
CREATE TABLE run (
  run TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  experiment TEXT NOT NULL,
  target TEXT NOT NULL,
  "plan" TEXT NOT NULL,
  created FLOAT NOT NULL,
  started FLOAT,
  ended FLOAT,
  owner TEXT NOT NULL,
  lease FLOAT NOT NULL,
  parameters TEXT NOT NULL,
  outputs TEXT NOT NULL,
  options TEXT NOT NULL,
  archived FLOAT,
  profile TEXT DEFAULT '' NOT NULL,
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
  queued FLOAT NOT NULL,
  started FLOAT,
  ended FLOAT,
  is_group BOOLEAN NOT NULL,
  cache_key TEXT NOT NULL,
  source TEXT NOT NULL,
  parameters TEXT NOT NULL,
  inputs TEXT NOT NULL,
  outputs TEXT NOT NULL,
  artifacts TEXT NOT NULL,
  PRIMARY KEY (run, task)
)
 WITHOUT ROWID;
CREATE TABLE version (
  pipeline TEXT NOT NULL,
  version TEXT NOT NULL,
  position INTEGER NOT NULL,
  "plan" TEXT NOT NULL,
  description TEXT NOT NULL,
  created FLOAT NOT NULL,
  PRIMARY KEY (pipeline, version),
  UNIQUE (pipeline, position)
);
CREATE INDEX artifact_by_age ON artifact (created);
CREATE INDEX artifact_by_uri ON artifact (uri);
CREATE INDEX artifact_of_run ON artifact (run);
CREATE INDEX cache_by_age ON cache (created);
CREATE INDEX cache_by_title ON cache (pipeline, title, created);
CREATE INDEX cache_of_run ON cache (run);
CREATE INDEX event_asking ON event (seq) WHERE kind = 'run.cancel';
CREATE INDEX event_of_run ON event (run, seq);
CREATE INDEX label_by_value ON label (name, value);
CREATE INDEX metric_by_value ON metric (name, value);
CREATE INDEX parameter_by_number ON parameter (name, number) WHERE number IS NOT NULL;
CREATE INDEX parameter_by_value ON parameter (name, value);
CREATE INDEX point_by_metric ON point (run, task, metric, position);
CREATE INDEX point_of_run ON point (run, position);
CREATE INDEX run_by_age ON run (created);
CREATE INDEX run_by_experiment ON run (experiment, created);
CREATE INDEX run_by_plan ON run ("plan");
CREATE INDEX run_by_state ON run (state, created);
CREATE INDEX task_by_source ON task (source) WHERE source != '';
CREATE INDEX version_by_plan ON version ("plan");
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES ('0003');
