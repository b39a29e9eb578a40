/**
 * The store over PostgreSQL, through `pg` and through `postgres`.
 *
 * @module
 */
import pg from 'pg'
import postgresJs from 'postgres'
import { pgPool, postgres } from '../../adapters/sql/index.ts'
import { postgresConforms } from './opened.ts'

postgresConforms({
  pg(url) {
    const pool = new pg.Pool({ connectionString: url, max: 5 })
    return { executor: pgPool(pool), close: () => pool.end() }
  },
  postgres(url) {
    const sql = postgresJs(url, { max: 5, onnotice: () => {} })
    return { executor: postgres(sql), close: () => sql.end() }
  },
})
