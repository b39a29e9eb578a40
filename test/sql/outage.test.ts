/**
 * A PostgreSQL that is out of order, through `pg` and through `postgres`.
 *
 * @module
 */
import pg from 'pg'
import postgresJs from 'postgres'
import { pgPool, postgres } from '../../adapters/sql/index.ts'
import { outages } from './outages.ts'

// As docs/databases.md opens them.
outages({
  pg(url) {
    const pool = new pg.Pool({ connectionString: url, max: 3, connectionTimeoutMillis: 3_000 })
    pool.on('error', () => {})
    return { executor: pgPool(pool), close: () => pool.end() }
  },
  postgres(url) {
    const make = () => postgresJs(url, { max: 3, connect_timeout: 3, onnotice: () => {} })
    let last: ReturnType<typeof make> | undefined
    const executor = postgres(() => {
      last = make()
      return last
    })
    return { executor, close: async () => last?.end({ timeout: 1 }) }
  },
})
