/**
 * How a store speaks to a database: a few words over whatever connection the user has.
 *
 * @module
 */
import type { FeedConnection } from '../../src/base/change-feed.ts'
import type { MaybePromise } from '../../src/base/maybe-promise.ts'

/** What can be bound to a parameter. A `number` is a safe integer or a finite fraction. */
export type SqlValue = string | number | null

/** One statement. */
export interface SqlStatement {
  /** With `?` for each parameter where the dialect is SQLite's, and `$1`, `$2` … where it is PostgreSQL's. */
  readonly text: string
  readonly values: readonly SqlValue[]
}

/** A row by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>

/**
 * A connection or a pool of the user's. Both methods settle when the database has answered, and reject
 * with whatever its driver throws.
 */
export interface SqlExecutor {
  readonly dialect: 'sqlite' | 'postgres'
  /**
   * Runs a statement and returns its rows: none for one that returns none. It has to settle in the end,
   * also where the database says nothing more.
   */
  run(statement: SqlStatement): MaybePromise<readonly SqlRow[]>
  /**
   * Runs statements in one transaction, one after the other: all of them or, if one fails, none. Nothing
   * else that the application does may get into the transaction. On SQLite it begins as an immediate one.
   *
   * @param texts Each of one statement without parameters, and without a semicolon at its end.
   */
  transact(texts: readonly string[]): MaybePromise<void>
  /**
   * Listens to a channel of PostgreSQL (`LISTEN`), on a connection that does nothing else: see
   * `ChangeFeed.listen`. Left out where the database or its driver cannot.
   *
   * @param channel Letters, digits and underscores.
   */
  listen?(
    channel: string,
    onText: (text: string) => void,
    onLost: (error: Error) => void,
  ): Promise<FeedConnection>
}
