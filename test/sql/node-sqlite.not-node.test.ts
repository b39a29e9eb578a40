/**
 * The store over `node:sqlite`, which Node has from version 22.13 on.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqlite } from '../../adapters/sql/index.ts'
import { sqlConforms } from './suites.ts'

sqlConforms('node:sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-sqlite-'))
  const databases = [0, 1].map(() => new DatabaseSync(join(folder, 'fleet.db')))
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
