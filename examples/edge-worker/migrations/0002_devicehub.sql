CREATE TABLE IF NOT EXISTS devicehub_schema (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO devicehub_schema (version) VALUES (2);
CREATE TABLE devicehub_trail (
  place INTEGER PRIMARY KEY,
  entry TEXT NOT NULL UNIQUE,
  done_at REAL NOT NULL,
  operator TEXT NOT NULL,
  action TEXT NOT NULL,
  type TEXT,
  id TEXT,
  attributes TEXT,
  result TEXT NOT NULL
);
ALTER TABLE devicehub_states ADD COLUMN login_at REAL NOT NULL DEFAULT -1;
ALTER TABLE devicehub_states ADD COLUMN login_with TEXT;
CREATE INDEX devicehub_trail_device ON devicehub_trail (type, id);
CREATE INDEX devicehub_trail_time ON devicehub_trail (done_at);
