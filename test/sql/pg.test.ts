/**
 * The store over PostgreSQL, through `pg` and through `postgres`.
 *
 * @module
 */
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import postgresJs from 'postgres'
import { pgPool, postgres } from '../../adapters/sql/index.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { sqlConforms } from './suites.ts'

const DROP = 'DROP TABLE IF EXISTS devicehub_devices, devicehub_keys, devicehub_schema'

if (postgresMissing) {
  test('the store over PostgreSQL', { skip: postgresMissing }, () => {})
} else {
  describe('PostgreSQL', () => {
    let server: Postgres
    before(async () => {
      server = await startPostgres()
    })
    after(() => server.stop())

    sqlConforms('pg', async () => {
      const pools = [0, 1].map(() => new pg.Pool({ connectionString: server.url, max: 5 }))
      await pools[0]!.query(DROP)
      return {
        executor: pgPool(pools[0]!),
        other: pgPool(pools[1]!),
        async close() {
          for (const pool of pools) await pool.end()
        },
      }
    })

    sqlConforms('postgres', async () => {
      const clients = [0, 1].map(() => postgresJs(server.url, { max: 5, onnotice: () => {} }))
      await clients[0]!.unsafe(DROP)
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
