/**
 * The executors of docs/databases.md for drivers that devicehub has none for: each is taken from the page,
 * and the store over it keeps the contracts.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { createClient } from '@libsql/client'
import type { SqlStore } from '../../adapters/sql/index.ts'
import { keysContract } from '../../src/testing/keys/contract.ts'
import {
  deviceStatesContract,
  deviceTrailContract,
  insertManyContract,
  storeContract,
} from '../../src/testing/store/contract.ts'
import { declareContract } from '../support/contract.ts'
import { codeBlocks, fileName } from '../support/markdown.ts'

const page = readFileSync(new URL('../../docs/databases.md', import.meta.url), 'utf8')
// Below the tests, so that the entry points are found by their names.
const folder = mkdtempSync(join(fileURLToPath(new URL('..', import.meta.url)), '.programs-sql-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** What a program of the page exports. */
async function storeOf<Client>(file: string): Promise<(client: Client) => SqlStore> {
  const block = codeBlocks(page, 'ts').find(({ source }) => fileName(source) === file)
  if (!block) throw new Error(`docs/databases.md has no ${file}`)
  const path = join(folder, file)
  writeFileSync(path, block.source)
  return (await import(pathToFileURL(path).href)).storeOf
}

/** Declares the contracts for a store. Each case opens an empty database. */
function conforms(
  name: string,
  openStore: () => Promise<{ readonly store: SqlStore; close(): Promise<void> }>,
): void {
  const open = async () => {
    const { store, close } = await openStore()
    await store.migrate()
    return { store, keys: store.keys, close }
  }
  declareContract(`a store, by ${name}`, storeContract, open)
  declareContract(`last states, by ${name}`, deviceStatesContract, open)
  declareContract(`the audit trail, by ${name}`, deviceTrailContract, open)
  declareContract(`many at once, by ${name}`, insertManyContract, open)
  declareContract(`expiring keys, by ${name}`, keysContract, open)
}

const overLibsql = await storeOf<ReturnType<typeof createClient>>('store-libsql.ts')
let files = 0
conforms('@libsql/client', async () => {
  const client = createClient({ url: `file:${join(folder, `${++files}.db`)}` })
  return { store: overLibsql(client), close: async () => client.close() }
})

const overPglite = await storeOf<PGlite>('store-pglite.ts')
// One for all: to start one takes seconds.
const database = await PGlite.create()
after(() => database.close())
conforms('PGlite', async () => {
  const tables =
    'devicehub_states, devicehub_devices, devicehub_keys, devicehub_trail, devicehub_schema'
  await database.exec(`DROP TABLE IF EXISTS ${tables}`)
  return { store: overPglite(database), close: async () => {} }
})
