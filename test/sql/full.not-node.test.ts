/**
 * A SQLite that is full, or locked by another process: a write that fails leaves nothing, and reading goes
 * on.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { sqlite, sqlStore } from '../../adapters/sql/index.ts'
import { record } from '../../src/testing/store/record.ts'

test('a full database refuses what does not fit, and takes it when there is room', async () => {
  const database = new DatabaseSync(':memory:')
  const store = sqlStore(sqlite(database))
  await store.migrate()
  await store.insert(record('pump', 'P-1'))
  const { page_count } = database.prepare('PRAGMA page_count').get() as { page_count: number }
  database.exec(`PRAGMA max_page_count = ${page_count}`)
  const large = record('pump', 'P-2', { attributes: { note: 'x'.repeat(100_000) } })
  await assert.rejects(store.insert(large), /full/)
  const update = record('pump', 'P-1', { revision: 2, attributes: large.attributes })
  await assert.rejects(store.update(update), /full/)
  assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1'))
  assert.equal(await store.get('pump', 'P-2'), undefined)
  database.exec('PRAGMA max_page_count = 1000000')
  await store.insert(large)
  await store.update(update)
  assert.deepEqual((await store.list()).records, [update, large])
  database.close()
})

test('a database that another process writes to is waited for, or refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-sqlite-'))
  const [one, other] = [0, 1].map(() => new DatabaseSync(join(folder, 'fleet.db')))
  try {
    for (const each of [one!, other!]) each.exec('PRAGMA journal_mode = WAL')
    const store = sqlStore(sqlite(one!))
    await store.migrate()
    other!.exec('BEGIN IMMEDIATE')
    await assert.rejects(store.insert(record('pump', 'P-1')), /locked/)
    assert.equal(await store.get('pump', 'P-1'), undefined)
    other!.exec('COMMIT')
    await store.insert(record('pump', 'P-1'))
    assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1'))
  } finally {
    for (const each of [one!, other!]) each.close()
    rmSync(folder, { recursive: true })
  }
})
