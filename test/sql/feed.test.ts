/**
 * The feed of a PostgreSQL, through `pg` and through `postgres`; and where there is none.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { pgPool, sqlStore } from '../../adapters/sql/index.ts'
import { changeFeedContract } from '../../src/testing/index.ts'
import { declareContract } from '../support/contract.ts'
import { lineTo } from '../support/line.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { Collector, within } from '../support/wait.ts'
import { LISTENING_DRIVERS, severListening } from './listening.ts'

/** Tries until it is done. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + 30_000; ; ) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() > end) throw error
    }
  }
}

describe('PostgreSQL', { skip: postgresMissing, timeout: 300_000 }, () => {
  let server: Postgres
  before(async () => {
    server = await startPostgres()
  })
  after(() => server?.stop())

  for (const [name, open] of Object.entries(LISTENING_DRIVERS)) {
    declareContract(`the contract of a change feed, by ${name}`, changeFeedContract, async () => {
      const [one, other] = [open(server.url), open(server.url)]
      const stores = [sqlStore(one.executor), sqlStore(other.executor)] as const
      await stores[0].migrate()
      return {
        one: stores[0].feed!,
        other: stores[1].feed!,
        sever: () => severListening(server.url),
        close: async () => void (await Promise.all([one.close(), other.close()])),
      }
    })

    test(`the tables of another schema are not told: ${name}`, async () => {
      const admin = open(server.url)
      const text = 'CREATE SCHEMA IF NOT EXISTS aside'
      await admin.executor.run({ text, values: [] })
      const aside = open(server.url, { search_path: 'aside' })
      try {
        const [here, there] = [sqlStore(admin.executor), sqlStore(aside.executor)]
        await here.migrate()
        await there.migrate()
        const heard = new Collector<string>()
        const connection = await there.feed!.listen(heard.push, () => {})
        await here.feed!.publish('to others')
        await there.feed!.publish('to these')
        assert.deepEqual(await heard.reach(1, 'texts'), ['to these'])
        await connection.close()
      } finally {
        await Promise.all([admin.close(), aside.close()])
      }
    })
  }

  for (const name of ['pg', 'postgres']) {
    test(`a connection that was cut without a word is left, and another listens: ${name}`, async () => {
      await using line = await lineTo(server.port)
      const open = LISTENING_DRIVERS[name]!
      const [near, far] = [open(server.url), open(server.url.replace(/:\d+\//, `:${line.port}/`))]
      try {
        const [here, there] = [sqlStore(near.executor), sqlStore(far.executor)]
        await here.migrate()
        const before = new Collector<string>()
        const connection = await there.feed!.listen(before.push, () => {})
        await here.feed!.publish('before')
        await before.reach(1, 'texts')
        line.silence()
        line.heal()
        await within(connection.close(), 'end of the dead connection', 5_000)
        const heard = new Collector<string>()
        // What idled meanwhile is dead, too.
        const next = await untilDone(() => there.feed!.listen(heard.push, () => {}))
        await here.feed!.publish('after')
        assert.deepEqual(await heard.reach(1, 'texts'), ['after'])
        await next.close()
      } finally {
        await Promise.all([near.close(), far.close()])
      }
    })
  }

  test('a store without tables says so', async () => {
    const { executor, close } = LISTENING_DRIVERS.pg!(server.url, { search_path: 'empty' })
    const text = 'CREATE SCHEMA empty'
    await executor.run({ text, values: [] })
    const { feed } = sqlStore(executor)
    const expected = { code: 'ERR_STORE_SCHEMA' }
    await assert.rejects(feed!.publish('a'), expected)
    await assert.rejects(
      feed!.listen(
        () => {},
        () => {},
      ),
      expected,
    )
    await close()
  })

  test('a pool of one client has none to listen with', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    pool.on('error', () => {})
    const store = sqlStore(pgPool(pool))
    await store.migrate()
    const listen = store.feed!.listen(
      () => {},
      () => {},
    )
    await assert.rejects(listen, { code: 'ERR_CONFIG', key: 'pool' })
    assert.equal(await store.get('pump', 'P-1'), undefined)
    await pool.end()
  })
})

test('a driver that cannot listen has no feed', () => {
  const executor = { dialect: 'postgres', run: () => [], transact() {} } as const
  assert.equal(sqlStore(executor).feed, undefined)
  assert.equal(sqlStore({ ...executor, dialect: 'sqlite' }).feed, undefined)
})
