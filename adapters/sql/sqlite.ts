/**
 * SQLite in the process, through `node:sqlite`, `bun:sqlite` or `better-sqlite3`.
 *
 * @module
 */
import type { SqlExecutor, SqlRow, SqlStatement, SqlValue } from './executor.ts'

/** A prepared statement, as the three drivers have it. */
export interface SqliteStatement {
  /** Runs it, and returns its rows. */
  all(...values: SqlValue[]): unknown
  /** Runs it. */
  run(...values: SqlValue[]): unknown
  /** `false` where `better-sqlite3` would refuse `all`, for a statement that returns nothing. */
  readonly reader?: boolean
}

/** A database of `node:sqlite`, `bun:sqlite` or `better-sqlite3`. */
export interface SqliteDatabase {
  /** A statement of a text. */
  prepare(text: string): SqliteStatement
  /** Runs statements without parameters. */
  exec(text: string): unknown
}

/** Most statements that are kept prepared. The stores have about twenty. */
const MAX_PREPARED = 100

/**
 * Speaks to a database of SQLite. What its driver does blocks the process while it does it, so a
 * transaction is over before anything else runs.
 *
 * @param database Opened by `new DatabaseSync(file)` of `node:sqlite`, by `new Database(file)` of
 * `bun:sqlite` or of `better-sqlite3`. It stays the application's, who closes it.
 */
export function sqlite(database: SqliteDatabase): SqlExecutor {
  const prepared = new Map<string, SqliteStatement>()

  function prepare(text: string): SqliteStatement {
    const known = prepared.get(text)
    if (known) return known
    if (prepared.size === MAX_PREPARED) prepared.clear()
    const statement = database.prepare(text)
    prepared.set(text, statement)
    return statement
  }

  function run({ text, values }: SqlStatement): readonly SqlRow[] {
    const statement = prepare(text)
    if (statement.reader !== false) return statement.all(...values) as readonly SqlRow[]
    statement.run(...values)
    return []
  }

  return {
    dialect: 'sqlite',
    run,
    transact(texts) {
      database.exec('BEGIN IMMEDIATE')
      try {
        for (const text of texts) database.exec(text)
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
  }
}
