/**
 * The store over the drivers that Bun has: `bun:sqlite` and `Bun.SQL`.
 *
 * @module
 */
import { Database } from 'bun:sqlite'
import { SQL } from 'bun'
import { postgres } from '../../adapters/sql/index.ts'
import { postgresConforms, sqliteFile } from './opened.ts'
import { sqlConforms } from './suites.ts'

sqlConforms('bun:sqlite', () => sqliteFile((path) => new Database(path)))

postgresConforms({
  'Bun.SQL'(url) {
    const sql = new SQL(url, { max: 5 })
    return { executor: postgres(sql), close: () => sql.end() }
  },
})
