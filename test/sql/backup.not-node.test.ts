/**
 * The lines of docs/databases.md that copy a store in use, and restore it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import pg from 'pg'
import { pgPool, type SqlStore, sqlite, sqlStore } from '../../adapters/sql/index.ts'
import { record } from '../../src/testing/store/record.ts'
import { codeBlocks } from '../support/markdown.ts'
import { postgresMissing, startPostgres } from '../support/postgres.ts'

const page = readFileSync(new URL('../../docs/databases.md', import.meta.url), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'devicehub-backup-'))
after(() => rmSync(folder, { recursive: true }))

/** The lines of the page that begin with a command. */
function linesOf(command: string): readonly string[] {
  const lines = codeBlocks(page, 'sh').flatMap(({ source }) => source.split('\n'))
  const found = lines.filter((line) => line.startsWith(command))
  assert.ok(found.length > 0, command)
  return found
}

/** What is there when the copy is made, and what comes after it. */
async function before(store: SqlStore): Promise<void> {
  await store.migrate()
  await store.insert(record('pump', 'P-1'))
  await store.insert(record('pump', 'P-2'))
}

async function afterwards(store: SqlStore): Promise<void> {
  await store.update(record('pump', 'P-1', { revision: 2, revoked: true }))
  await store.delete('pump', 'P-2', 1)
  await store.insert(record('pump', 'P-3'))
}

async function assertRestored(store: SqlStore): Promise<void> {
  assert.deepEqual((await store.list()).records, [record('pump', 'P-1'), record('pump', 'P-2')])
  const { version, expected } = await store.status()
  assert.equal(version, expected)
  await afterwards(store) // It is no dead copy.
}

test('SQLite: copied while a program writes, and put in its place', async () => {
  const [, , sql] = /^sqlite3 (\S+) "([^"]+)"$/.exec(linesOf('sqlite3')[0]!) ?? []
  const file = join(folder, 'fleet.db')
  const copy = join(folder, 'fleet-copy.db')
  const [database, another] = [new DatabaseSync(file), new DatabaseSync(file)]
  database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0')
  const store = sqlStore(sqlite(database))
  await before(store)
  another.exec(sql!.replace('fleet-copy.db', copy))
  await afterwards(store)
  for (const each of [database, another]) each.close()
  for (const name of ['fleet.db-wal', 'fleet.db-shm']) rmSync(join(folder, name), { force: true })
  copyFileSync(copy, file)
  const restored = new DatabaseSync(file)
  await assertRestored(sqlStore(sqlite(restored)))
  restored.close()
})

test('PostgreSQL: dumped while a program writes, and restored', {
  skip: postgresMissing,
  timeout: 120_000,
}, async () => {
  const server = await startPostgres()
  const pool = new pg.Pool({ connectionString: server.url })
  pool.on('error', () => {})
  try {
    const run = (line: string) => {
      const text = line.replace('postgres://localhost/fleet', server.url)
      execFileSync('sh', ['-c', text], { cwd: folder })
    }
    const store = sqlStore(pgPool(pool))
    await before(store)
    run(linesOf('pg_dump')[0]!)
    await afterwards(store)
    run(linesOf('pg_restore')[0]!)
    await assertRestored(store)
  } finally {
    await pool.end()
    await server.stop()
  }
})
