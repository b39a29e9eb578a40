/**
 * What a store in a database has to do, on whichever one: the contracts of devices and of keys, and its
 * tables.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SqlExecutor, SqlRow } from '../../adapters/sql/index.ts'
import { migrationFiles } from '../../adapters/sql/migration-files.ts'
import { sqlStore } from '../../adapters/sql/store.ts'
import { hasCode } from '../../src/base/errors.ts'
import type { DeviceStore } from '../../src/device/store.ts'
import { keysContract } from '../../src/testing/keys/contract.ts'
import {
  deviceStatesContract,
  deviceTrailContract,
  insertManyContract,
  storeContract,
} from '../../src/testing/store/contract.ts'
import { record } from '../../src/testing/store/record.ts'
import { declareContract } from '../support/contract.ts'
import { splitStatements } from './split.ts'

/** A database without tables, through one or two connections of their own. */
export interface OpenedDatabase {
  readonly executor: SqlExecutor
  /** What another process has. Default: the same. */
  readonly other?: SqlExecutor
  /** How many updates by many writers it makes in a few seconds, a multiple of 400. Default: 10,000. */
  readonly updates?: number
  close(): Promise<void>
}

/** All that a database says of the tables, by dialect. */
const DESCRIPTIONS: Readonly<Record<SqlExecutor['dialect'], readonly string[]>> = {
  sqlite: ["SELECT type, name, sql FROM sqlite_master WHERE name LIKE '%devicehub%' ORDER BY name"],
  postgres: [
    `SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default
FROM information_schema.columns WHERE table_name LIKE 'devicehub%' ORDER BY 1, 2`,
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'devicehub%' ORDER BY 1",
    `SELECT tgname, pg_get_triggerdef(oid) AS definition FROM pg_trigger
WHERE tgname LIKE 'devicehub%' ORDER BY 1`,
    `SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
WHERE conname LIKE 'devicehub%' ORDER BY 1`,
    "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'devicehub%' ORDER BY 1",
  ],
}

async function describeTables(executor: SqlExecutor): Promise<readonly (readonly SqlRow[])[]> {
  const texts = [
    ...DESCRIPTIONS[executor.dialect],
    'SELECT version FROM devicehub_schema ORDER BY version',
  ]
  const rows: (readonly SqlRow[])[] = []
  for (const text of texts) {
    rows.push((await executor.run({ text, values: [] })).map((row) => ({ ...row })))
  }
  return rows
}

const TABLES = [
  'devicehub_states',
  'devicehub_devices',
  'devicehub_keys',
  'devicehub_trail',
  'devicehub_schema',
]

/** Removes all tables that a store has, if they are there. */
export async function dropTables(executor: SqlExecutor): Promise<void> {
  for (const table of TABLES) {
    await executor.run({ text: `DROP TABLE IF EXISTS ${table}`, values: [] })
  }
}

/** Declares the tests. Each opens an empty database. */
export function sqlConforms(name: string, open: () => Promise<OpenedDatabase>): void {
  const openStore = async () => {
    const { executor, close } = await open()
    const store = sqlStore(executor)
    await store.migrate()
    return { store, close }
  }
  declareContract(`the store contract, by ${name}`, storeContract, openStore)
  declareContract(`the last states of devices, by ${name}`, deviceStatesContract, openStore)
  declareContract(`the audit trail, by ${name}`, deviceTrailContract, openStore)
  declareContract(`many records at once, by ${name}`, insertManyContract, openStore)

  declareContract(`the contract of expiring keys, by ${name}`, keysContract, async () => {
    const { executor, close } = await open()
    const { migrate, keys } = sqlStore(executor)
    await migrate()
    return { keys, close }
  })

  describe(`the tables, by ${name}`, () => {
    type Run = (one: SqlExecutor, other: SqlExecutor, updates: number) => Promise<void>
    const on = (title: string, run: Run) =>
      test(title, { timeout: 300_000 }, async () => {
        const { executor, other = executor, updates = 10_000, close } = await open()
        try {
          await run(executor, other, updates)
        } finally {
          await close()
        }
      })

    on('a store without them says so, and works once they are there', async (executor) => {
      const store = sqlStore(executor)
      const expected = { code: 'ERR_STORE_SCHEMA', version: 0, expected: 2 }
      await assert.rejects(store.get('pump', 'P-1'), expected)
      await assert.rejects(store.insert(record('pump', 'P-1')), expected)
      await assert.rejects(async () => store.keys.get('a'), expected)
      assert.deepEqual(await store.status(), { version: 0, expected: 2 })
      await store.migrate()
      assert.deepEqual(await store.status(), { version: 2, expected: 2 })
      assert.equal(await store.get('pump', 'P-1'), undefined)
    })

    on('making them again changes nothing', async (executor) => {
      const store = sqlStore(executor)
      await store.migrate()
      await store.insert(record('pump', 'P-1'))
      await store.migrate()
      assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1'))
    })

    on('ten that make them at once all succeed', async (executor, other) => {
      const stores = Array.from({ length: 10 }, (_, i) => sqlStore(i % 2 ? executor : other))
      await Promise.all(stores.map((store) => store.migrate()))
      for (const store of stores) {
        assert.deepEqual(await store.status(), { version: 2, expected: 2 })
      }
    })

    on('the files for other tools make the same', async (executor) => {
      for (const { text } of migrationFiles(executor.dialect)) {
        for (const statement of splitStatements(text)) {
          await executor.run({ text: statement, values: [] })
        }
      }
      const byFiles = await describeTables(executor)
      const store = sqlStore(executor)
      await store.migrate() // Finds nothing to do.
      await store.insert(record('pump', 'P-1'))
      assert.deepEqual(await describeTables(executor), byFiles)
      assert.ok(byFiles[0]!.length > 3)
      await dropTables(executor)
      assert.deepEqual(await sqlStore(executor).status(), { version: 0, expected: 2 })
      await sqlStore(executor).migrate()
      assert.deepEqual(await describeTables(executor), byFiles)
    })

    on('a program that is older than them refuses', async (executor) => {
      await sqlStore(executor).migrate()
      const text = 'INSERT INTO devicehub_schema (version) VALUES (3)'
      await executor.run({ text, values: [] })
      const store = sqlStore(executor)
      const expected = { code: 'ERR_STORE_SCHEMA', version: 3, expected: 2 }
      await assert.rejects(store.list(), expected)
      await assert.rejects(store.migrate(), expected)
    })

    on('a step that fails leaves nothing of it', async (executor) => {
      const text = 'CREATE TABLE devicehub_keys (mine INTEGER)'
      await executor.run({ text, values: [] })
      await assert.rejects(sqlStore(executor).migrate(), /devicehub_keys/)
      assert.equal((await sqlStore(executor).status()).version, 0)
      await executor.run({ text: 'DROP TABLE devicehub_keys', values: [] })
      await sqlStore(executor).migrate()
      assert.equal(await sqlStore(executor).get('pump', 'P-1'), undefined)
    })

    on('what one writes another reads', async (executor, other) => {
      const [one, two] = [sqlStore(executor), sqlStore(other)]
      await one.migrate()
      await one.insert(record('pump', 'P-1'))
      await two.update(record('pump', 'P-1', { revision: 2, revoked: true }))
      assert.equal((await one.findByUsername('pump/P-1'))?.revoked, true)
      await assert.rejects(one.update(record('pump', 'P-1', { revision: 2 })), {
        code: 'ERR_REVISION_CONFLICT',
      })
      await one.keys.set('a', '1', 60)
      assert.equal(await two.keys.setIfAbsent('a', '2', 60), false)
      assert.equal(await two.keys.compareAndSet('a', '1', '2', 60), true)
      assert.equal(await one.keys.get('a'), '2')
    })

    on('what has been on the trail for too long is removed', async (executor) => {
      const { migrate, trail } = sqlStore(executor)
      await migrate()
      const day = 86_400_000
      const entry = { operator: 'dana', action: 'revoke', result: 'done' }
      await trail.write([
        { id: 'old', at: Date.now() - 401 * day, ...entry },
        { id: 'young', at: Date.now() - 399 * day, ...entry },
      ])
      const { entries } = await trail.list()
      assert.deepEqual(
        entries.map(({ id }) => id),
        ['young'],
      )
    })

    on(
      'a key, value or lifetime beyond the bounds is refused, and nothing written',
      async (executor) => {
        const { migrate, keys } = sqlStore(executor)
        await migrate()
        const [long, large] = ['k'.repeat(1_025), 'v'.repeat(8_193)]
        for (const [wrong, field] of [
          [() => keys.get(long), 'key'],
          [() => keys.get('\ud800'), 'key'],
          [() => keys.set(long, 'v', 60), 'key'],
          [() => keys.set('a', large, 60), 'value'],
          [() => keys.set('a', 'é', 60), 'value'],
          [() => keys.set('a', 'v', 0), 'lifetime'],
          [() => keys.setIfAbsent('a', 'v', 86_401), 'lifetime'],
          [() => keys.setIfAbsent('a', 'v', 1.5), 'lifetime'],
          [() => keys.compareAndSet('a', large, 'v', 60), 'expected value'],
          [() => keys.compareAndSet('a', 'e', large, 60), 'value'],
        ] as const) {
          await assert.rejects(async () => wrong(), { name: 'TypeError', message: RegExp(field) })
        }
        assert.equal(await keys.get('a'), undefined)
        await keys.set('k'.repeat(1_024), 'v'.repeat(8_192), 86_400)
      },
    )

    on('of thousands of updates by many writers none is lost', async (executor, other, updates) => {
      const stores = [sqlStore(executor), sqlStore(other)]
      await stores[0]!.migrate()
      const ids = Array.from({ length: 20 }, (_, i) => `P-${i}`)
      const writers = 20
      const bare = { credentials: [], rules: [], attributes: { count: '0' } }
      await stores[0]!.insertMany(ids.map((id) => record('pump', id, bare)))
      const addOne = async (store: DeviceStore, id: string) => {
        for (;;) {
          const before = await store.get('pump', id)
          const count = `${Number(before!.attributes.count) + 1}`
          const next = { ...before!, attributes: { count }, revision: before!.revision + 1 }
          try {
            await store.update(next)
            return
          } catch (error) {
            if (!hasCode(error, 'ERR_REVISION_CONFLICT')) throw error
          }
        }
      }
      // Four writers have a device at the same time, through both connections.
      const writing = Array.from({ length: writers }, async (_, i) => {
        for (let turn = 0; turn < updates / writers; turn++) {
          await addOne(stores[i % 2]!, ids[(Math.floor(i / 4) + turn) % ids.length]!)
        }
      })
      await Promise.all(writing)
      const each = updates / ids.length
      for (const id of ids) {
        const after = await stores[1]!.get('pump', id)
        assert.deepEqual([after?.attributes.count, after?.revision], [`${each}`, each + 1], id)
      }
    })
  })
}
