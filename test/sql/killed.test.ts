/**
 * A process that is killed while it adds devices by the thousand: no device is there by half, and one that
 * does the same again completes what is missing.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type SqlStore, sqlStore } from '../../adapters/sql/index.ts'
import { record } from '../../src/testing/store/record.ts'
import { postgresMissing, startPostgres } from '../support/postgres.ts'
import { deferred, within } from '../support/wait.ts'
import { openDatabase } from './own-database.ts'

const COUNT = 20_000
const LIMIT_MS = 120_000
const root = fileURLToPath(new URL('../..', import.meta.url))

/** A process that adds devices, and how many it had when it told last. */
function importer(
  driver: string,
  where: string,
): { child: ChildProcess; after(count: number): Promise<void> } {
  const runtime = 'Deno' in globalThis ? 'deno' : 'Bun' in globalThis ? 'bun' : 'node'
  const args = {
    node: ['--import=tsx'],
    bun: [],
    deno: ['run', '-A', '--no-check', '--no-lock'],
  }[runtime]
  const program = ['test/sql/importer.ts', driver, where, `${COUNT}`]
  const child = spawn(process.execPath, [...args, ...program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  const reached = deferred<void>()
  let wanted = Number.POSITIVE_INFINITY
  let told = 0
  createInterface(child.stdout!).on('line', (line) => {
    told = Number(line)
    if (told >= wanted) reached.resolve()
  })
  return {
    child,
    after(count) {
      wanted = count
      if (told >= wanted) reached.resolve()
      return within(reached.promise, `${count} devices`, LIMIT_MS)
    },
  }
}

/** How many devices there are, each of them read and compared. */
async function countWhole(store: SqlStore): Promise<number> {
  let count = 0
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) })
    for (const device of page.records) assert.deepEqual(device, record('pump', device.id))
    count += page.records.length
    cursor = page.cursor
    if (cursor === undefined) return count
  }
}

async function isKilledAndResumed(driver: string, where: string): Promise<void> {
  const { executor, close } = await openDatabase(driver, where)
  try {
    const store = sqlStore(executor)
    await store.migrate()
    let before = 0
    for (const kill of [1_000, 5_000, 9_000]) {
      const { child, after } = importer(driver, where)
      await after(kill)
      // It is at the next thousand now.
      child.kill('SIGKILL')
      await within(once(child, 'exit'), 'end of the process', LIMIT_MS)
      const count = await countWhole(store)
      assert.equal(count % 1_000, 0, `${count} devices`)
      assert.ok(count >= kill && count >= before && count < COUNT, `${count} devices`)
      before = count
    }
    const { child } = importer(driver, where)
    const [code] = await within(once(child, 'exit'), 'end of the process', LIMIT_MS)
    assert.equal(code, 0)
    assert.equal(await countWhole(store), COUNT)
  } finally {
    await close()
  }
}

test('over PostgreSQL', { skip: postgresMissing, timeout: 2 * LIMIT_MS }, async () => {
  const server = await startPostgres()
  try {
    await isKilledAndResumed('pg', server.url)
  } finally {
    await server.stop()
  }
})

const hasSqlite = !process.versions.node.startsWith('20.') || 'Bun' in globalThis
const sqliteMissing = hasSqlite ? false : 'Node 20 has no node:sqlite: the newest Node runs it'

test('over a file of SQLite', { skip: sqliteMissing, timeout: 2 * LIMIT_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-sqlite-'))
  try {
    await isKilledAndResumed('sqlite', join(folder, 'fleet.db'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
