/**
 * Drivers of PostgreSQL that can listen, as docs/databases.md opens them, and the end of what listens.
 *
 * @module
 */
import pg from 'pg'
import postgresJs from 'postgres'
import { pgPool, postgres } from '../../adapters/sql/index.ts'
import type { OpenedClient } from './opened.ts'

type Open = (url: string, settings?: Readonly<Record<string, string>>) => OpenedClient

/** By the name of the package. The settings are those of the session. */
export const LISTENING_DRIVERS: Readonly<Record<string, Open>> = {
  pg(url, settings = {}) {
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
    const pool = new pg.Pool({
      connectionString: url,
      max: 4,
      connectionTimeoutMillis: 3_000,
      options: options.join(' '),
    })
    pool.on('error', () => {})
    return { executor: pgPool(pool), close: () => pool.end() }
  },
  postgres(url, connection = {}) {
    const made: postgresJs.Sql[] = []
    const executor = postgres(() => {
      made.push(openPostgres(url, connection))
      return made.at(-1)!
    })
    return { executor, close: () => Promise.all(made.map((sql) => sql.end({ timeout: 1 }))) }
  },
  'postgres, of the application'(url, connection = {}) {
    const sql = openPostgres(url, connection)
    return { executor: postgres(sql), close: () => sql.end({ timeout: 1 }) }
  },
}

function openPostgres(url: string, connection: Readonly<Record<string, string>>): postgresJs.Sql {
  return postgresJs(url, { max: 3, connect_timeout: 3, onnotice: () => {}, connection })
}

/** Ends every connection that listens, at the server. Returns how many those were. */
export async function severListening(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rowCount } = await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%'",
  )
  await client.end()
  return rowCount ?? 0
}
