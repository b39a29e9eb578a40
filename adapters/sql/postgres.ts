/**
 * PostgreSQL, through `pg`, `postgres` or `Bun.SQL`.
 *
 * @module
 */
import type { FeedConnection } from '../../src/base/change-feed.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { ANSWER_LIMIT_MS, answered } from './answer.ts'
import type { SqlExecutor, SqlRow, SqlValue } from './executor.ts'

/** A statement, as `pg` takes it. */
export interface PgQuery {
  readonly text: string
  readonly values?: SqlValue[]
  /** Milliseconds for its answer. After that it rejects, and a pool closes its connection. */
  readonly query_timeout?: number
}

/** What a pool and each client of `pg` have. */
export interface PgQueryable {
  /** Runs a statement, and settles with its rows; without values it may be several. */
  query(query: PgQuery): Promise<{ readonly rows: readonly SqlRow[] }>
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
  /** Runs a statement whose parameters are beside it, and settles with its rows; without values several. */
  unsafe(text: string, values?: SqlValue[]): PromiseLike<unknown>
  /** Takes nothing more, and closes its connections after so many seconds at the latest. */
  end(options: { readonly timeout: number }): PromiseLike<unknown>
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
 * Several statements as one text, which is one transaction (PostgreSQL's protocol, "Multiple Statements in
 * a Simple Query"). A connection that ends meanwhile has nothing to be rolled back by: `pg` would tell of it
 * a second time, where nobody hears it, and `postgres` 3.4 would throw out of a timer.
 */
function joined(texts: readonly string[]): string {
  return texts.join(';\n')
}

/**
 * Speaks to PostgreSQL through a pool of `pg`: a lone client is not connected again. A statement that is
 * not answered within 5 seconds rejects with a `StoreTimeoutError` or what `pg` says of it, and its
 * connection is closed.
 *
 * @param pool Made by `new Pool(…)` of `pg`, with an `error` listener, since a connection that idles may
 * be cut, and with `connectionTimeoutMillis`. It stays the application's, who ends it.
 */
export function pgPool(pool: PgPool): SqlExecutor {
  return {
    dialect: 'postgres',
    run: ({ text, values }) =>
      answered(async () => {
        const query = { text, values: [...values], query_timeout: ANSWER_LIMIT_MS }
        return (await pool.query(query)).rows
      }),
    async transact(texts) {
      await pool.query({ text: joined(texts) })
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
    await client.query({ text: `LISTEN ${channel}`, query_timeout: ANSWER_LIMIT_MS })
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

/** Seconds for what a client that is given up has under way on other connections. */
const LAST_SECONDS = 5
const LONE_CLIENT =
  ' This client may wait on that connection for good: give postgres() a function that makes one, so that another can take its place.'

/**
 * Speaks to PostgreSQL through `postgres`, or through `Bun.SQL`. A statement that is not answered within 5
 * seconds rejects with a `StoreTimeoutError`.
 *
 * Neither driver gives up a connection that was cut without a word: whatever was sent there, and comes
 * after it, is waited for without end. A client that is made here is ended after such a statement, within 5
 * seconds, and the next statement has another one.
 *
 * @param client Makes one by `postgres(…)` or `new Bun.SQL(…)`: called at once, where one has to take
 * the place of the last, and for each connection that listens. Or a client that the application has, who
 * ends the last of either.
 */
export function postgres(client: PostgresSql | (() => PostgresSql)): SqlExecutor {
  // A client of `postgres` is a function, too.
  const make = 'unsafe' in client ? undefined : client
  let current = 'unsafe' in client ? client : client()

  function replace(one: PostgresSql): string {
    if (!make) return LONE_CLIENT
    // Of many statements that it was waited for, the first has done it.
    if (current === one) {
      current = make()
      end(one, LAST_SECONDS)
    }
    return ''
  }

  return {
    dialect: 'postgres',
    async run({ text, values }) {
      const sql = current
      const ask = async () => (await sql.unsafe(text, [...values])) as readonly SqlRow[]
      return answered(ask, () => replace(sql))
    },
    async transact(texts) {
      await current.unsafe(joined(texts))
    },
    ...(current.listen && { listen: listenBy(make ?? current) }),
  }
}

/** Ends a client that is not needed any more, whatever becomes of that. */
function end(client: PostgresSql, timeout: number): void {
  client.end({ timeout }).then(undefined, () => {})
}

/**
 * It connects again by itself, and listens then anew: whatever was sent meanwhile is lost.
 *
 * @param client Makes one for each time, which is ended with it, so that a dead connection is not kept. Or
 * one that stays.
 */
function listenBy(client: PostgresSql | (() => PostgresSql)): Listen {
  return async (channel, onText, onLost) => {
    const made = 'unsafe' in client ? undefined : client()
    let isListening = false
    let isOver = false
    const hear = (text: string) => {
      if (!isOver) onText(text)
    }
    const again = () => {
      if (isListening) onLost(new Error('the connection was lost'))
      isListening = true
    }
    try {
      const listening = await (made ?? (client as PostgresSql)).listen!(channel, hear, again)
      return {
        async close() {
          isOver = true
          if (made) end(made, 0)
          // Without a connection there is nothing to be told.
          else await listening.unlisten().catch(() => {})
        },
      }
    } catch (error) {
      if (made) end(made, 0)
      throw error
    }
  }
}
