/**
 * A PostgreSQL that is out of order, through `Bun.SQL`.
 *
 * @module
 */
import { SQL } from 'bun'
import { postgres } from '../../adapters/sql/index.ts'
import { outages } from './outages.ts'

// As docs/databases.md opens it.
outages({
  'Bun.SQL'(url) {
    let sql: SQL | undefined
    const executor = postgres(() => {
      sql = new SQL(url, { max: 3, connectionTimeout: 3 })
      return sql
    })
    return { executor, close: async () => sql?.end({ timeout: 1 }) }
  },
})
