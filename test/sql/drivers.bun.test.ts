/**
 * The store over the drivers that Bun has: `bun:sqlite` and `Bun.SQL`.
 *
 * @module
 */
import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { SQL } from 'bun'
import { postgres, sqlite } from '../../adapters/sql/index.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { sqlConforms } from './suites.ts'

sqlConforms('bun:sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-sqlite-'))
  const databases = [0, 1].map(() => new Database(join(folder, 'fleet.db')))
  for (const each of databases) {
    each.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
  }
  return {
    executor: sqlite(databases[0]!),
    other: sqlite(databases[1]!),
    async close() {
      for (const each of databases) each.close()
      rmSync(folder, { recursive: true })
    },
  }
})

if (postgresMissing) {
  test('the store over Bun.SQL', { skip: postgresMissing }, () => {})
} else {
  describe('PostgreSQL', () => {
    let server: Postgres
    before(async () => {
      server = await startPostgres()
    })
    after(() => server.stop())

    sqlConforms('Bun.SQL', async () => {
      const clients = [0, 1].map(() => new SQL(server.url, { max: 5 }))
      const tables = 'devicehub_devices, devicehub_keys, devicehub_schema'
      await clients[0]!.unsafe(`DROP TABLE IF EXISTS ${tables}`)
      return {
        executor: postgres(clients[0]!),
        other: postgres(clients[1]!),
        async close() {
          for (const client of clients) await client.end()
        },
      }
    })
  })
}
