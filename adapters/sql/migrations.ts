/**
 * The tables of a store, from version to version.
 *
 * @module
 */
import type { SqlExecutor } from './executor.ts'
import { FRACTION } from './json-rows.ts'

type Dialect = SqlExecutor['dialect']

/** What leads from the version before to this one. */
export interface Migration {
  /** From 1. */
  readonly version: number
  /** Statements without parameters. */
  readonly statements: readonly string[]
}

/** Keeps which versions a database has. It is made before the first one. */
export const SCHEMA_TABLE: string =
  'CREATE TABLE IF NOT EXISTS devicehub_schema (version INTEGER NOT NULL PRIMARY KEY)'

// Of a text PostgreSQL compares bytes only if told so, and SQLite always does. Nobody's locale decides
// then which names are equal, or where a page ends.
const TEXT: Readonly<Record<Dialect, string>> = {
  sqlite: 'TEXT',
  postgres: 'TEXT COLLATE "C"',
}
// SQLite keeps foreign keys only where a connection asks for it, and triggers always.
const STATE_KEY: Readonly<Record<Dialect, string>> = {
  sqlite: 'PRIMARY KEY (type, id)',
  postgres:
    'PRIMARY KEY (type, id), FOREIGN KEY (type, id) REFERENCES devicehub_devices ON DELETE CASCADE',
}
const STATE_TRIGGERS: Readonly<Record<Dialect, readonly string[]>> = {
  sqlite: [
    `CREATE TRIGGER devicehub_devices_deleted AFTER DELETE ON devicehub_devices BEGIN
  DELETE FROM devicehub_states WHERE type = OLD.type AND id = OLD.id;
END`,
  ],
  postgres: [],
}

/** Counts up, and is never given twice while an entry before it is there. */
const PLACE: Readonly<Record<Dialect, string>> = {
  sqlite: 'INTEGER PRIMARY KEY',
  postgres: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
}

/** All of a dialect, in their order. One that was released is never changed. */
export function migrationsOf(dialect: Dialect): readonly Migration[] {
  const text = TEXT[dialect]
  const fraction = FRACTION[dialect]
  return [
    {
      version: 1,
      statements: [
        `CREATE TABLE devicehub_devices (
  type ${text} NOT NULL,
  id ${text} NOT NULL,
  username ${text} NOT NULL UNIQUE,
  revoked INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (type, id)
)`,
        `CREATE TABLE devicehub_states (
  type ${text} NOT NULL,
  id ${text} NOT NULL,
  last_heard ${fraction} NOT NULL,
  fresh_until ${fraction} NOT NULL,
  began_at ${fraction} NOT NULL,
  end_of ${fraction} NOT NULL,
  ended_at ${fraction} NOT NULL,
  connected INTEGER,
  status ${text},
  battery ${fraction},
  firmware ${text},
  fields TEXT,
  written_at ${fraction} NOT NULL,
  told_fresh INTEGER NOT NULL,
  before_fresh INTEGER NOT NULL,
  before_connected INTEGER,
  ${STATE_KEY[dialect]}
)`,
        'CREATE INDEX devicehub_states_fresh ON devicehub_states (fresh_until) WHERE told_fresh = 1',
        ...STATE_TRIGGERS[dialect],
        `CREATE TABLE devicehub_keys (
  name ${text} NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  ends_at ${fraction} NOT NULL
)`,
        'CREATE INDEX devicehub_keys_end ON devicehub_keys (ends_at)',
      ],
    },
    {
      version: 2,
      statements: [
        `CREATE TABLE devicehub_trail (
  place ${PLACE[dialect]},
  entry ${text} NOT NULL UNIQUE,
  done_at ${fraction} NOT NULL,
  operator ${text} NOT NULL,
  action ${text} NOT NULL,
  type ${text},
  id ${text},
  attributes TEXT,
  result ${text} NOT NULL
)`,
        `ALTER TABLE devicehub_states ADD COLUMN login_at ${fraction} NOT NULL DEFAULT -1`,
        `ALTER TABLE devicehub_states ADD COLUMN login_with ${text}`,
        'CREATE INDEX devicehub_trail_device ON devicehub_trail (type, id)',
        'CREATE INDEX devicehub_trail_time ON devicehub_trail (done_at)',
      ],
    },
  ]
}
