/**
 * A PostgreSQL that is killed and comes back, or takes no writes: what cannot be decided is denied, service
 * resumes by itself, and a change that another process made counts.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import postgresJs from 'postgres'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import { pgPool, postgres, type SqlExecutor, sqlStore } from '../../adapters/sql/index.ts'
import { createFleet, defineDeviceType } from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { within } from '../support/wait.ts'

const SECRET = 'broker-secret-0123456789'
const PEPPER = 'a pepper of more than 16 bytes'
/** More than any call may take, on a machine that is busy. */
const SETTLED_MS = 30_000
const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const RULES_LIFETIME = 1

interface Opened {
  readonly executor: SqlExecutor
  close(): Promise<void>
}

/** As docs/databases.md opens them. */
const DRIVERS: Readonly<Record<string, (url: string) => Opened>> = {
  pg(url) {
    const pool = new pg.Pool({ connectionString: url, max: 3, connectionTimeoutMillis: 3_000 })
    pool.on('error', () => {})
    return { executor: pgPool(pool), close: () => pool.end() }
  },
  postgres(url) {
    const sql = postgresJs(url, { max: 3, connect_timeout: 3, onnotice: () => {} })
    return { executor: postgres(sql), close: () => sql.end({ timeout: 1 }) }
  },
}

/** A fleet on a database, and the route that EMQX asks. */
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
  const app = brokerAuth(fleet, { secret: SECRET, products: [emqx], logger })
  async function ask(path: string, question: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` }
    const asked = app.request(path, { method: 'POST', headers, body: JSON.stringify(question) })
    const response = await within(Promise.resolve(asked), 'answer', SETTLED_MS)
    return ((await response.json()) as { result: unknown }).result
  }
  return { store, fleet, lines, ask }
}

/** Asks until there is another answer than a denial. */
async function untilAllowed(ask: () => Promise<unknown>): Promise<void> {
  for (let end = performance.now() + SETTLED_MS; (await ask()) !== 'allow'; ) {
    assert.ok(performance.now() < end, 'it is denied still')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe('a PostgreSQL that is out of order', { skip: postgresMissing, timeout: 300_000 }, () => {
  let server: Postgres
  before(async () => {
    server = await startPostgres()
  })
  after(() => server?.stop())

  for (const [name, open] of Object.entries(DRIVERS)) {
    test(`killed, and started again: ${name}`, async () => {
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
        const start = performance.now()
        while ((await access()) === 'allow') {
          // What was kept counts until then, and no longer.
          assert.ok(performance.now() - start < SETTLED_MS, 'it is allowed still')
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      } finally {
        await Promise.all([one.close(), two.close()])
      }
    })

    test(`that takes no writes: ${name}`, async () => {
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
  }
})
