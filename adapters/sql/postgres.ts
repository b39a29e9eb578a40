/**
 * PostgreSQL, through `pg`, `postgres` or `Bun.SQL`.
 *
 * @module
 */
import type { SqlExecutor, SqlRow, SqlStatement, SqlValue } from './executor.ts'

/** What a pool and each client of `pg` have. */
export interface PgQueryable {
  /** Runs a statement, and settles with its rows. */
  query(text: string, values?: SqlValue[]): Promise<{ readonly rows: readonly SqlRow[] }>
}

/** A client that was taken from a pool of `pg`. */
export interface PgClient extends PgQueryable {
  /**
   * Gives it back to its pool.
   *
   * @param error What makes the pool close it.
   */
  release(error?: Error): void
}

/** A pool of `pg`. */
export interface PgPool extends PgQueryable {
  /** Takes a client out of it, which has to be released. */
  connect(): Promise<PgClient>
}

/** A client of `postgres`, or a `Bun.SQL`. */
export interface PostgresSql {
  /** Runs a statement whose parameters are beside it, and settles with its rows. */
  unsafe(text: string, values?: SqlValue[]): PromiseLike<unknown>
  /** Runs work in a transaction, which is given up where the work rejects. */
  begin(work: (sql: Pick<PostgresSql, 'unsafe'>) => Promise<void>): Promise<unknown>
}

/**
 * Speaks to PostgreSQL through a pool of `pg`. It has to be a pool: a transaction on a lone client would
 * take in what the application does on it meanwhile.
 *
 * @param pool Made by `new Pool(…)` of `pg`, with an `error` listener, since a connection that idles may
 * be cut, and with `connectionTimeoutMillis` and `query_timeout`. It stays the application's, who ends it.
 */
export function pgPool(pool: PgPool): SqlExecutor {
  const runOn = async (on: PgQueryable, { text, values }: SqlStatement) =>
    (await on.query(text, [...values])).rows
  return {
    dialect: 'postgres',
    run: (statement) => runOn(pool, statement),
    async transact(statements) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        for (const statement of statements) await runOn(client, statement)
        await client.query('COMMIT')
      } catch (error) {
        await giveUp(client)
        throw error
      }
      client.release()
    },
  }
}

/** Ends a transaction that failed. A client that cannot do so is closed, which ends it as well. */
async function giveUp(client: PgClient): Promise<void> {
  try {
    await client.query('ROLLBACK')
  } catch (error) {
    client.release(error instanceof Error ? error : new Error(String(error)))
    return
  }
  client.release()
}

/**
 * Speaks to PostgreSQL through `postgres`, or through `Bun.SQL`.
 *
 * @param sql Made by `postgres(…)` or `new Bun.SQL(…)`. It stays the application's, who ends it.
 */
export function postgres(sql: PostgresSql): SqlExecutor {
  const runOn = async (on: Pick<PostgresSql, 'unsafe'>, { text, values }: SqlStatement) =>
    (await on.unsafe(text, [...values])) as readonly SqlRow[]
  return {
    dialect: 'postgres',
    run: (statement) => runOn(sql, statement),
    async transact(statements) {
      await sql.begin(async (on) => {
        for (const statement of statements) await runOn(on, statement)
      })
    },
  }
}
