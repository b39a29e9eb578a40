/**
 * Databases for the tests of stores: each is empty, and has two connections, as two processes would.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type SqlExecutor, type SqliteDatabase, sqlite } from '../../adapters/sql/index.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { dropTables, type OpenedDatabase, sqlConforms } from './suites.ts'

/** A file of SQLite. @param open Opens one by its path. */
export async function sqliteFile(
  open: (path: string) => SqliteDatabase & { close(): unknown },
): Promise<OpenedDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-sqlite-'))
  const databases = [0, 1].map(() => open(join(folder, 'fleet.db')))
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
}

/** A client, or a pool of them. */
export interface OpenedClient {
  readonly executor: SqlExecutor
  close(): Promise<unknown>
}

/** Declares the tests for drivers of PostgreSQL, by name. Each opens a client by the server's URL. */
export function postgresConforms(
  drivers: Readonly<Record<string, (url: string) => OpenedClient>>,
): void {
  if (postgresMissing) {
    test('the store over PostgreSQL', { skip: postgresMissing }, () => {})
    return
  }
  describe('PostgreSQL', () => {
    let server: Postgres
    before(async () => {
      server = await startPostgres()
    })
    after(() => server.stop())

    for (const [name, open] of Object.entries(drivers)) {
      sqlConforms(name, async () => {
        const [one, other] = [open(server.url), open(server.url)]
        await dropTables(one.executor)
        return {
          executor: one.executor,
          other: other.executor,
          async close() {
            for (const client of [one, other]) await client.close()
          },
        }
      })
    }
  })
}
