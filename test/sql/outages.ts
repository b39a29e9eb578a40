/**
 * What is tried of a PostgreSQL that is out of order, through whichever driver: what cannot be decided is
 * denied and told as transient, service resumes by itself, and a change that another process made counts.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import { type SqlExecutor, type SqlRow, sqlStore } from '../../adapters/sql/index.ts'
import { createFleet, defineDeviceType } from '../../src/index.ts'
import { emqx, goAuth } from '../../src/product/index.ts'
import { record } from '../../src/testing/store/record.ts'
import { type Line, lineTo } from '../support/line.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { smallDisk, smallDiskMissing } from '../support/small-disk.ts'
import { within } from '../support/wait.ts'

const SECRET = 'broker-secret-0123456789'
const PEPPER = 'a pepper of more than 16 bytes'
/** More than any call may take, on a machine that is busy. */
const SETTLED_MS = 30_000
const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const RULES_LIFETIME = 1
/** As long, and what a busy machine adds. */
const RULES_LIFETIME_MS = 3_000

/** A client, or a pool of them. */
export interface Opened {
  readonly executor: SqlExecutor
  close(): Promise<unknown>
}

/** A fleet on a database, and the routes that brokers ask. */
function siteOn(executor: SqlExecutor) {
  const store = sqlStore(executor)
  const fleet = createFleet({
    types: [pump],
    store,
    pepper: PEPPER,
    rulesLifetime: RULES_LIFETIME,
  })
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  const logger = { info: write, warn: write, error: write }
  const app = brokerAuth(fleet, { secret: SECRET, products: [emqx, goAuth], logger })
  async function post(path: string, question: object): Promise<Response> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` }
    const asked = app.request(path, { method: 'POST', headers, body: JSON.stringify(question) })
    return within(Promise.resolve(asked), 'answer', SETTLED_MS)
  }
  async function ask(path: string, question: object): Promise<unknown> {
    const response = await post(path, question)
    return ((await response.json()) as { result: unknown }).result
  }
  return { store, fleet, lines, ask, post }
}

/** A text that nothing makes shorter. */
function randomText(length: number): string {
  const bytes = new Uint8Array(length / 2)
  for (let at = 0; at < bytes.length; at += 50_000)
    crypto.getRandomValues(bytes.subarray(at, at + 50_000))
  return Buffer.from(bytes).toString('hex')
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50))

/** Runs a statement until a connection was made again. */
async function untilRun(executor: SqlExecutor, text: string): Promise<readonly SqlRow[]> {
  for (const end = performance.now() + SETTLED_MS; ; ) {
    try {
      return await executor.run({ text, values: [] })
    } catch (error) {
      if (performance.now() > end) throw error
      await pause()
    }
  }
}

/** Asks until there is another answer than a denial. */
async function untilAllowed(ask: () => Promise<unknown>): Promise<void> {
  for (let end = performance.now() + SETTLED_MS; (await ask()) !== 'allow'; ) {
    assert.ok(performance.now() < end, 'it is denied still')
    await pause()
  }
}

/** Asks until what was kept has ended, after `rulesLifetime`. */
async function untilDenied(ask: () => Promise<unknown>): Promise<void> {
  for (let end = performance.now() + RULES_LIFETIME_MS; (await ask()) === 'allow'; ) {
    assert.ok(performance.now() < end, 'it is allowed still')
    await pause()
  }
}

/** A fault of what is between a program and its database, or of that. */
interface Fault {
  readonly title: string
  begin(line: Line, database: SqlExecutor): unknown
  end(line: Line, database: SqlExecutor): unknown
}

const run = (database: SqlExecutor, text: string) => database.run({ text, values: [] })

const FAULTS: readonly Fault[] = [
  { title: 'cut off without a word', begin: (line) => line.silence(), end: (line) => line.heal() },
  { title: 'slow', begin: (line) => line.delay(8_000), end: (line) => line.delay(0) },
  {
    title: 'locked by another',
    begin: (_line, database) => run(database, 'BEGIN; LOCK TABLE devicehub_devices'),
    end: (_line, database) => run(database, 'ROLLBACK'),
  },
]

/** Declares the tests, for drivers by name. Each opens a client by the server's URL. */
export function outages(drivers: Readonly<Record<string, (url: string) => Opened>>): void {
  const options = { skip: postgresMissing, timeout: 600_000 }
  describe('a PostgreSQL that is out of order', options, () => {
    let server: Postgres
    before(async () => {
      server = await startPostgres()
    })
    after(() => server?.stop())

    for (const [name, open] of Object.entries(drivers)) outagesOf(name, open, () => server)
  })
}

function outagesOf(name: string, open: (url: string) => Opened, running: () => Postgres): void {
  test(`killed, and started again: ${name}`, async () => {
    const server = running()
    const [one, two] = [open(server.url), open(server.url)]
    try {
      const [here, elsewhere] = [siteOn(one.executor), siteOn(two.executor)]
      await here.store.migrate()
      const { username, password } = await here.fleet.provision(pump, `P-${name}`)
      const login = () => here.ask('/emqx/auth', { username, password, clientid: username })
      const topic = `things/pump/P-${name}/data`
      const access = () =>
        here.ask('/emqx/acl', { username, clientid: username, topic, action: 'publish' })
      assert.deepEqual([await login(), await access()], ['allow', 'allow'])

      await server.kill()
      assert.equal(await login(), 'deny')
      assert.equal(here.lines.length, 1)
      assert.doesNotMatch(here.lines.join(), new RegExp(password))
      await assert.rejects(here.fleet.provision(pump, 'P-never'))
      await server.start()

      await untilAllowed(login)
      assert.equal(await here.store.get('pump', 'P-never'), undefined)
      await elsewhere.fleet.revoke(pump, `P-${name}`)
      assert.equal(await login(), 'deny')
      await untilDenied(access)
    } finally {
      await Promise.all([one.close(), two.close()])
    }
  })

  test(`killed in the middle of a transaction: ${name}`, async () => {
    const server = running()
    const { executor, close } = open(server.url)
    const slow = ['CREATE TABLE half (a INTEGER)', 'SELECT pg_sleep(60)']
    const transaction = assert.rejects(async () => executor.transact(slow))
    const other = new pg.Client(server.url)
    other.on('error', () => {}) // It is killed, too.
    await other.connect()
    const sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    while ((await other.query(sleeping)).rows.length === 0) await pause()
    await server.kill()
    await within(transaction, 'end of the transaction', SETTLED_MS)
    await server.start()
    const [row] = await untilRun(executor, "SELECT to_regclass('half') AS name")
    assert.equal(row?.name, null)
    await close()
  })

  test(`full: ${name}`, { skip: smallDiskMissing }, async () => {
    const server = running()
    await using disk = await smallDisk(server)
    const { executor, close } = open(disk.url)
    try {
      const { fleet, store, ask } = siteOn(executor)
      await store.migrate()
      const { username, password } = await fleet.provision(pump, 'P-1')
      const login = () => ask('/emqx/auth', { username, password, clientid: username })
      await disk.fill()
      const large = { note: randomText(500_000) }
      await assert.rejects(store.insert(record('pump', 'P-2', { attributes: large })), /space/)
      const first = (await store.get('pump', 'P-1'))!
      const larger = { ...first, attributes: large, revision: 2 }
      await assert.rejects(store.update(larger), /space/)
      assert.equal(await login(), 'allow')
      assert.deepEqual(await store.get('pump', 'P-1'), first)
      assert.equal(await store.get('pump', 'P-2'), undefined)
      await disk.empty()
      await store.update(larger)
      await fleet.revoke(pump, 'P-1')
      assert.equal(await login(), 'deny')
    } finally {
      await close()
    }
  })

  test(`that takes no writes: ${name}`, async () => {
    const server = running()
    const writer = open(server.url)
    await sqlStore(writer.executor).migrate()
    const { password } = await siteOn(writer.executor).fleet.provision(pump, `R-${name}`)
    await writer.close()
    const reader = open(`${server.url}?options=-c%20default_transaction_read_only%3Don`)
    try {
      const { fleet, store, ask } = siteOn(reader.executor)
      const username = `pump/R-${name}`
      const login = { username, password, clientid: username }
      assert.equal(await ask('/emqx/auth', login), 'allow')
      await assert.rejects(fleet.revoke(pump, `R-${name}`), /read-only/)
      await assert.rejects(fleet.provision(pump, `R-${name}-2`), /read-only/)
      assert.equal(await ask('/emqx/auth', login), 'allow')
      assert.equal((await store.get('pump', `R-${name}`))?.revision, 1)
    } finally {
      await reader.close()
    }
  })

  for (const { title, begin, end } of FAULTS) {
    test(`${title}: ${name}`, async () => {
      const server = running()
      await using line = await lineTo(server.port)
      const opened = [line.port, server.port].map((port) =>
        open(server.url.replace(`:${server.port}/`, `:${port}/`)),
      )
      const locker = new pg.Client(server.url)
      await locker.connect()
      const database: SqlExecutor = {
        ...opened[1]!.executor,
        run: async ({ text }) => (await locker.query(text)).rows,
      }
      try {
        const [here, elsewhere] = [siteOn(opened[0]!.executor), siteOn(opened[1]!.executor)]
        await here.store.migrate()
        const id = `${title.replaceAll(' ', '-')}-${name}`
        const { username, password } = await here.fleet.provision(pump, id)
        const client = { username, clientid: username }
        const login = () => here.ask('/emqx/auth', { ...client, password })
        const access = () => {
          const topic = `things/pump/${id}/data`
          return here.ask('/emqx/acl', { ...client, topic, action: 'publish' })
        }
        const all = () => Promise.all([login(), login(), login(), login()])
        // Each of the connections has been of use.
        assert.deepEqual(await all(), ['allow', 'allow', 'allow', 'allow'])
        assert.equal(await access(), 'allow')

        await begin(line, database)
        assert.deepEqual(await all(), ['deny', 'deny', 'deny', 'deny'])
        const plugin = await here.post(`/go-auth/${SECRET}/user`, { username, password })
        assert.ok(plugin.status >= 500, `${plugin.status} is no error that passes`)
        assert.equal(await access(), 'deny', 'what was kept has ended')
        await assert.rejects(here.fleet.rotate(pump, id))
        await end(line, database)

        await untilAllowed(login)
        await untilAllowed(access)
        await elsewhere.fleet.revoke(pump, id)
        assert.equal(await login(), 'deny')
        await untilDenied(access)
        assert.doesNotMatch(here.lines.join(), new RegExp(password))
      } finally {
        await locker.end()
        await Promise.all(opened.map((one) => one.close()))
      }
    })
  }
}
