/**
 * PostgreSQL, through `pg`, `postgres` or `Bun.SQL`.
 *
 * @module
 */
import type { FeedConnection } from '../../src/base/change-feed.ts'
import { ConfigError } from '../../src/base/errors.ts'
import type { SqlExecutor, SqlRow, SqlStatement, SqlValue } from './executor.ts'

/** What a pool and each client of `pg` have. */
export interface PgQueryable {
  /** Runs a statement, and settles with its rows. */
  query(text: string, values?: SqlValue[]): Promise<{ readonly rows: readonly SqlRow[] }>
}

/** A notification, as `pg` gives it. */
export interface PgNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** A client that was taken from a pool of `pg`. */
export interface PgClient extends PgQueryable {
  /** Calls a listener when something is wrong with its connection. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Calls a listener when its connection has ended. */
  on(event: 'end', listener: () => void): unknown
  /** Calls a listener with each notification. */
  on(event: 'notification', listener: (message: PgNotification) => void): unknown
  /**
   * Gives it back to its pool.
   *
   * @param error What makes the pool close it.
   */
  release(error?: Error): void
}

/** A pool of `pg`. */
export interface PgPool extends PgQueryable {
  readonly options?: {
    /** Most clients that it has. */
    readonly max?: number
  }
  /** Takes a client out of it, which has to be released. */
  connect(): Promise<PgClient>
}

/** A client of `postgres`, or a `Bun.SQL`. */
export interface PostgresSql {
  /** Runs a statement whose parameters are beside it, and settles with its rows. */
  unsafe(text: string, values?: SqlValue[]): PromiseLike<unknown>
  /** Runs work in a transaction, which is given up where the work rejects. */
  begin(work: (sql: Pick<PostgresSql, 'unsafe'>) => Promise<void>): Promise<unknown>
  /** Listens to a channel, on a connection of its own. `Bun.SQL` has none. */
  listen?(
    channel: string,
    onText: (text: string) => void,
    onListening: () => void,
  ): Promise<PostgresListening>
}

/** A channel that `postgres` listens to. */
export interface PostgresListening {
  /** Listens no more. */
  unlisten(): Promise<unknown>
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
    listen: (...listening) => listenOn(pool, ...listening),
  }
}

type Listen = NonNullable<SqlExecutor['listen']>

/** Takes a client out of the pool for it. It is closed in the end: another use would hear, too. */
async function listenOn(pool: PgPool, ...listening: Parameters<Listen>): Promise<FeedConnection> {
  const [channel, onText, onLost] = listening
  if (pool.options?.max === 1) {
    throw new ConfigError('pool', 'must have a `max` of 2 at least: one of its clients listens')
  }
  const client = await pool.connect()
  let isOver = false
  const lose = (error: Error) => {
    if (isOver) return
    isOver = true
    client.release(error)
    onLost(error)
  }
  client.on('error', lose)
  client.on('end', () => lose(new Error('the connection has ended')))
  client.on('notification', ({ channel: of, payload }) => {
    if (!isOver && of === channel && payload) onText(payload)
  })
  const close = async () => {
    if (isOver) return
    isOver = true
    client.release(new Error('it listened'))
  }
  try {
    await client.query(`LISTEN ${channel}`)
  } catch (error) {
    await close()
    throw error
  }
  return { close }
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
    ...(sql.listen && { listen: listenBy(sql.listen) }),
  }
}

/** It connects again by itself, and listens then anew: whatever was sent meanwhile is lost. */
function listenBy(listen: NonNullable<PostgresSql['listen']>): Listen {
  return async (channel, onText, onLost) => {
    let isListening = false
    let isOver = false
    const hear = (text: string) => {
      if (!isOver) onText(text)
    }
    const { unlisten } = await listen(channel, hear, () => {
      if (isListening) onLost(new Error('the connection was lost'))
      isListening = true
    })
    return {
      async close() {
        isOver = true
        // Without a connection there is nothing to be told.
        await unlisten().catch(() => {})
      },
    }
  }
}
