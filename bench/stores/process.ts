/**
 * A process with a fleet in a database, small and large: does a task, and writes what it measured to
 * standard output as JSON.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import process from 'node:process'
import pg from 'pg'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import {
  pgPool,
  type SqlExecutor,
  type SqlStore,
  sqlite,
  sqlStore,
} from '../../adapters/sql/index.ts'
import { createFleet, defineDeviceType } from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'
import { seededRandom } from '../random.ts'
import type { Measured, Task } from './task.ts'

const SECRET = 'broker-secret-0123456789'
const PEPPER = 'a pepper of more than 16 bytes'
const BATCH = 1_000
const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })

/** A fleet, and what EMQX would ask about it. */
function siteOn(store: SqlStore) {
  const fleet = createFleet({ types: [pump], store, pepper: PEPPER })
  const app = brokerAuth(fleet, { secret: SECRET, products: [emqx] })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` }
  async function login(id: string, password: string): Promise<void> {
    const username = `pump/${id}`
    const body = JSON.stringify({ username, password, clientid: username })
    const response = await app.request('/emqx/auth', { method: 'POST', headers, body })
    equal(((await response.json()) as { result: string }).result, 'allow')
  }
  return { fleet, login }
}

async function open(driver: Task['driver'], where: string): Promise<SqlExecutor> {
  if (driver === 'pg') return pgPool(new pg.Pool({ connectionString: where, max: 5 }))
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(where)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  return sqlite(database)
}

async function storeOf(driver: Task['driver'], where: string): Promise<SqlStore> {
  const store = sqlStore(await open(driver, where))
  await store.migrate()
  return store
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Puts devices on record. Returns the passwords of some of them, by id. */
async function fill(
  { fleet }: ReturnType<typeof siteOn>,
  size: number,
  kept: number,
): Promise<ReadonlyMap<string, string>> {
  const passwords = new Map<string, string>()
  const every = Math.max(1, Math.floor(size / kept))
  for (let from = 0; from < size; from += BATCH) {
    const devices = Array.from({ length: Math.min(BATCH, size - from) }, (_, i) => ({
      id: `P-${from + i}`,
    }))
    for (const [i, { id, device, error }] of (await fleet.provisionMany(pump, devices)).entries()) {
      if (error) throw error
      if ((from + i) % every === 0) passwords.set(id, device.password!)
    }
  }
  return passwords
}

async function work(task: Task): Promise<Measured> {
  const { driver, sizes, singles, logins, present } = task
  const [smallStore, largeStore] = [
    await storeOf(driver, task.small),
    await storeOf(driver, task.large),
  ]
  const [small, large] = [siteOn(smallStore), siteOn(largeStore)]
  let known: ReadonlyMap<string, string>[] = []
  const oneByOne = await timed(async () => {
    for (let i = 0; i < singles; i++) await large.fleet.provision(pump, `single-${i}`)
  })
  const smallKnown = await fill(small, sizes[0], 1_000)
  const provisioned = await timed(async () => {
    known = [smallKnown, await fill(large, sizes[1], logins)]
  })
  const random = seededRandom(1)
  const lists = known.map((each) => [...each])
  const times: [number[], number[]] = [[], []]
  for (let i = 0; i < 2 * logins; i++) {
    const at = i % 2
    const list = lists[at]!
    const [id, password] = list[random(list.length)]!
    const { login } = at === 0 ? small : large
    const time = await timed(() => login(id, password))
    // The first tenth warms up.
    if (i > logins / 5) times[at]!.push(time)
  }
  globalThis.gc?.()
  const memory = process.memoryUsage().rss

  const now = Date.now()
  const { states } = largeStore
  const write = async (round: number): Promise<number[]> => {
    const batches: number[] = []
    for (let from = 0; from < present; from += BATCH) {
      const reports = Array.from({ length: Math.min(BATCH, present - from) }, (_, i) => {
        const lastHeard = now + round
        return { type: 'pump', id: `P-${from + i}`, lastHeard, freshUntil: lastHeard + 60_000 }
      })
      batches.push(await timed(() => states.write(reports, now + round)))
    }
    return batches
  }
  const firstBatches = await write(0)
  const batches = await write(1)
  const sweepNone = await timed(() => states.sweep(now + 2))
  const sweepAll = await timed(async () => {
    let found = 0
    for (;;) {
      const { length } = await states.sweep(now + 120_000)
      found += length
      if (length < BATCH) break
    }
    equal(found, present)
  })
  return {
    provisioned,
    oneByOne,
    small: times[0],
    large: times[1],
    firstBatches,
    batches,
    sweepAll,
    sweepNone,
    memory,
  }
}

const measured = JSON.stringify(await work(JSON.parse(process.argv[2]!)))
// A pool keeps the process, and a pipe takes a while.
process.stdout.write(measured, () => process.exit())
