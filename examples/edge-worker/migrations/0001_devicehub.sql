CREATE TABLE IF NOT EXISTS devicehub_schema (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO devicehub_schema (version) VALUES (1);
CREATE TABLE devicehub_devices (
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  username TEXT NOT NULL UNIQUE,
  revoked INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (type, id)
);
CREATE TABLE devicehub_states (
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  last_heard REAL NOT NULL,
  fresh_until REAL NOT NULL,
  began_at REAL NOT NULL,
  end_of REAL NOT NULL,
  ended_at REAL NOT NULL,
  connected INTEGER,
  status TEXT,
  battery REAL,
  firmware TEXT,
  fields TEXT,
  written_at REAL NOT NULL,
  told_fresh INTEGER NOT NULL,
  before_fresh INTEGER NOT NULL,
  before_connected INTEGER,
  PRIMARY KEY (type, id)
);
CREATE INDEX devicehub_states_fresh ON devicehub_states (fresh_until) WHERE told_fresh = 1;
CREATE TRIGGER devicehub_devices_deleted AFTER DELETE ON devicehub_devices BEGIN
  DELETE FROM devicehub_states WHERE type = OLD.type AND id = OLD.id;
END;
CREATE TABLE devicehub_keys (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  ends_at REAL NOT NULL
);
CREATE INDEX devicehub_keys_end ON devicehub_keys (ends_at);
