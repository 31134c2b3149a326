CREATE TABLE artifact (
  id TEXT COLLATE "C" NOT NULL,
  run TEXT COLLATE "C" NOT NULL,
  task TEXT COLLATE "C" NOT NULL,
  output TEXT COLLATE "C" NOT NULL,
  created FLOAT(53) NOT NULL,
  uri TEXT COLLATE "C" NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE attempt (
  run TEXT COLLATE "C" NOT NULL,
  task TEXT COLLATE "C" NOT NULL,
  attempt INTEGER NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  executor TEXT COLLATE "C" NOT NULL,
  ref TEXT COLLATE "C" NOT NULL,
  code INTEGER,
  reason TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  started FLOAT(53) NOT NULL,
  ended FLOAT(53),
  PRIMARY KEY (run, task, attempt)
);
CREATE TABLE cache (
  cache_key TEXT COLLATE "C" NOT NULL,
  run TEXT COLLATE "C" NOT NULL,
  task TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  pipeline TEXT COLLATE "C" NOT NULL,
  created FLOAT(53) NOT NULL,
  expires FLOAT(53),
  key_parts TEXT COLLATE "C" NOT NULL,
  outputs TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (cache_key)
);
CREATE TABLE event (
  seq BIGSERIAL NOT NULL,
  run TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  at FLOAT(53) NOT NULL,
  task TEXT COLLATE "C" NOT NULL,
  attempt INTEGER NOT NULL,
  data TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (seq)
);
CREATE TABLE experiment (
  name TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  created FLOAT(53) NOT NULL,
  archived FLOAT(53),
  PRIMARY KEY (name)
);
CREATE TABLE label (
  run TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (run, name)
);
CREATE TABLE metric (
  run TEXT COLLATE "C" NOT NULL,
  task TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  value FLOAT(53) NOT NULL,
  PRIMARY KEY (run, task, name)
);
CREATE TABLE parameter (
  run TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  number FLOAT(53),
  PRIMARY KEY (run, name)
);
CREATE TABLE plan (
  digest TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (digest)
);
CREATE TABLE point (
  position BIGSERIAL NOT NULL,
  seq BIGINT NOT NULL,
  run TEXT COLLATE "C" NOT NULL,
  task TEXT COLLATE "C" NOT NULL,
  attempt INTEGER NOT NULL,
  replica INTEGER NOT NULL,
  metric TEXT COLLATE "C" NOT NULL,
  step BIGINT NOT NULL,
  at FLOAT(53) NOT NULL,
  value FLOAT(53),
  PRIMARY KEY (position)
);
CREATE TABLE run (
  run TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  pipeline TEXT COLLATE "C" NOT NULL,
  experiment TEXT COLLATE "C" NOT NULL,
  target TEXT COLLATE "C" NOT NULL,
  plan TEXT COLLATE "C" NOT NULL,
  created FLOAT(53) NOT NULL,
  started FLOAT(53),
  ended FLOAT(53),
  owner TEXT COLLATE "C" NOT NULL,
  lease FLOAT(53) NOT NULL,
  parameters TEXT COLLATE "C" NOT NULL,
  outputs TEXT COLLATE "C" NOT NULL,
  options TEXT COLLATE "C" NOT NULL,
  archived FLOAT(53),
  profile TEXT COLLATE "C" DEFAULT '' NOT NULL,
  PRIMARY KEY (run)
);
CREATE TABLE task (
  run TEXT COLLATE "C" NOT NULL,
  task TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  attempts INTEGER NOT NULL,
  executor TEXT COLLATE "C" NOT NULL,
  queued FLOAT(53) NOT NULL,
  started FLOAT(53),
  ended FLOAT(53),
  is_group BOOLEAN NOT NULL,
  cache_key TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C" NOT NULL,
  parameters TEXT COLLATE "C" NOT NULL,
  inputs TEXT COLLATE "C" NOT NULL,
  outputs TEXT COLLATE "C" NOT NULL,
  artifacts TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (run, task)
);
CREATE TABLE version (
  pipeline TEXT COLLATE "C" NOT NULL,
  version TEXT COLLATE "C" NOT NULL,
  position INTEGER NOT NULL,
  plan TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  created FLOAT(53) NOT NULL,
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
CREATE INDEX run_by_plan ON run (plan);
CREATE INDEX run_by_state ON run (state, created);
CREATE INDEX task_by_source ON task (source) WHERE source != '';
CREATE INDEX version_by_plan ON version (plan);
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES ('0003');
