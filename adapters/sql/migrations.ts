/**
 * The tables of a store, from version to version.
 *
 * @module
 */
import type { SqlExecutor } from './executor.ts'

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
const FRACTION: Readonly<Record<Dialect, string>> = {
  sqlite: 'REAL',
  postgres: 'DOUBLE PRECISION',
}

/** All of a dialect, in their order. One that was released is never changed. */
export function migrationsOf(dialect: Dialect): readonly Migration[] {
  const text = TEXT[dialect]
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
        `CREATE TABLE devicehub_keys (
  name ${text} NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  ends_at ${FRACTION[dialect]} NOT NULL
)`,
        'CREATE INDEX devicehub_keys_end ON devicehub_keys (ends_at)',
      ],
    },
  ]
}
