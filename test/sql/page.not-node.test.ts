/**
 * The programs of docs/databases.md that open a store: each is run as it stands there, on a database of the
 * test's. What D1 does stands in d1.node.test.ts.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { SqlStore } from '../../adapters/sql/index.ts'
import { record } from '../../src/testing/store/record.ts'
import { codeBlocks, fileName } from '../support/markdown.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'

const page = readFileSync(new URL('../../docs/databases.md', import.meta.url), 'utf8')
const URL_OF_PAGE = 'postgres://localhost/fleet'

describe('the page', { timeout: 120_000 }, () => {
  // Below the tests, so that the entry points and the packages are found by their names.
  const folder = mkdtempSync(join(fileURLToPath(new URL('..', import.meta.url)), '.programs-sql-'))
  const cwd = process.cwd()
  let server: Postgres | undefined
  before(async () => {
    if (!postgresMissing) server = await startPostgres()
    for (const { source } of codeBlocks(page, 'ts')) {
      const text = server ? source.replaceAll(URL_OF_PAGE, server.url) : source
      const name = fileName(source)
      if (name !== undefined) writeFileSync(join(folder, name), text)
    }
    process.chdir(folder)
  })
  after(async () => {
    process.chdir(cwd)
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const [file, id, skip] of [
    ['store.ts', 'S-1', false],
    ['store-pg.ts', 'PG-1', postgresMissing],
    ['store-postgres.ts', 'PG-2', postgresMissing],
  ] as const) {
    test(file, { skip }, async () => {
      const { store } = (await import(pathToFileURL(join(folder, file)).href)) as {
        store: SqlStore
      }
      await store.migrate()
      await store.insert(record('pump', id))
      assert.deepEqual(await store.get('pump', id), record('pump', id))
      const { version, expected } = await store.status()
      assert.equal(version, expected)
    })
  }
})
