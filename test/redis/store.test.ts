/**
 * Devices in a real Redis: the contract of a store through each client, many writers at once, and what a
 * Redis keeps that is killed or full.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type RedisCommand, redisStore } from '../../adapters/redis/index.ts'
import type { DeviceStore } from '../../src/index.ts'
import { storeContract } from '../../src/testing/index.ts'
import { record } from '../../src/testing/store/record.ts'
import { declareContract } from '../support/contract.ts'
import { type RedisServer, redisMissing, startRedis } from '../support/redis.ts'
import { clients, openIoRedis } from './clients.ts'

describe('devices in Redis', { skip: redisMissing, timeout: 300_000 }, () => {
  let server: RedisServer
  let opened = 0
  before(async () => {
    server = await startRedis()
  })
  after(() => server?.stop())

  for (const [name, open] of Object.entries(clients)) {
    declareContract(`the store contract, by ${name}`, storeContract, async () => {
      const { client, close } = await open(server.url)
      const store = redisStore(client, { prefix: `${name} ${++opened}:` })
      return { store, close: async () => close() }
    })

    test(`no update is lost among many writers: ${name}`, async () => {
      const connections = [await open(server.url), await open(server.url)]
      try {
        const prefix = `writers by ${name}:`
        const stores = connections.map(({ client }) => redisStore(client, { prefix }))
        await stores[0]!.insert(record('pump', 'P-1', { attributes: { count: '0' } }))
        const writers = Array.from({ length: 10 }, async (_, i) => {
          for (let turn = 0; turn < 10; turn++) await addOne(stores[i % 2]!)
        })
        await Promise.all(writers)
        const found = await stores[1]!.get('pump', 'P-1')
        assert.deepEqual([found?.attributes.count, found?.revision], ['100', 101])
      } finally {
        for (const { close } of connections) close()
      }
    })
  }

  async function addOne(store: DeviceStore): Promise<void> {
    for (;;) {
      const found = (await store.get('pump', 'P-1'))!
      const count = `${Number(found.attributes.count) + 1}`
      try {
        return await store.update({
          ...found,
          attributes: { count },
          revision: found.revision + 1,
        })
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_REVISION_CONFLICT') throw error
      }
    }
  }

  /** A store, and how to ask Redis itself. */
  function direct(prefix: string, url = server.url) {
    const client = openIoRedis(url)
    return { store: redisStore(client, { prefix }), client }
  }

  test('of several processes that add, remove and add again one device, each name is right', async () => {
    const [one, two] = [direct('again:'), direct('again:')]
    for (let turn = 0; turn < 50; turn++) {
      const outcomes = await Promise.allSettled([
        one.store.insert(record('pump', 'P-1', { username: 'a' })),
        two.store.insert(record('pump', 'P-1', { username: 'b' })),
      ])
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      const { username } = (await one.store.get('pump', 'P-1'))!
      const other = username === 'a' ? 'b' : 'a'
      assert.equal((await two.store.findByUsername(username))?.id, 'P-1')
      assert.equal(await two.store.findByUsername(other), undefined)
      await two.store.delete('pump', 'P-1', 1)
    }
    assert.deepEqual((await one.store.list()).records, [])
    assert.deepEqual(await one.client.keys('again:*'), [])
    for (const { client } of [one, two]) client.disconnect()
  })

  test('a listing narrowed by the id alone goes on behind many others', async () => {
    const { store, client } = direct('many:')
    const ids = Array.from({ length: 2_100 }, (_, i) => `${i % 700 === 0 ? 'x' : 'y'}-${i}`)
    await Promise.all(ids.map((id) => store.insert(record('pump', id))))
    const found: string[] = []
    let pages = 0
    for (let cursor: string | undefined, more = true; more; pages++) {
      const page = await store.list({ idPrefix: 'x', ...(cursor !== undefined && { cursor }) })
      found.push(...page.records.map(({ id }) => id))
      cursor = page.cursor
      more = cursor !== undefined
    }
    assert.deepEqual(found, ['x-0', 'x-1400', 'x-700'])
    assert.equal(pages, 5)
    const typed = await store.list({ type: 'pump', idPrefix: 'x' })
    assert.deepEqual([typed.records.length, typed.cursor], [3, undefined])
    client.disconnect()
  })

  test('stores of two prefixes know nothing of each other', async () => {
    const [one, two] = [direct('site-1:'), direct('site-2:')]
    await one.store.insert(record('pump', 'P-1'))
    assert.equal(await two.store.get('pump', 'P-1'), undefined)
    assert.equal(await two.store.findByUsername('pump/P-1'), undefined)
    assert.deepEqual((await two.store.list()).records, [])
    await two.store.insert(record('pump', 'P-1'))
    await two.store.delete('pump', 'P-1', 1)
    assert.equal((await one.store.get('pump', 'P-1'))?.revision, 1)
    for (const { client } of [one, two]) client.disconnect()
  })

  test('a Redis that forgot the scripts is sent them again', async () => {
    const { store, client } = direct('flushed:')
    await store.insert(record('pump', 'P-1'))
    await client.script('FLUSH')
    await store.update(record('pump', 'P-1', { revision: 2 }))
    await client.script('FLUSH')
    assert.equal((await store.findByUsername('pump/P-1'))?.revision, 2)
    await client.script('FLUSH')
    assert.equal((await store.list()).records.length, 1)
    await client.script('FLUSH')
    await store.delete('pump', 'P-1', 2)
    client.disconnect()
  })

  test('a full one refuses what does not fit, and nothing of it is written', async () => {
    const full = await startRedis({ 'maxmemory-policy': 'noeviction' })
    const { store, client } = direct('full:', full.url)
    try {
      await store.insert(record('pump', 'P-1'))
      await client.config('SET', 'maxmemory', '1')
      const refused = { code: 'ERR_REDIS', message: /OOM/ }
      await assert.rejects(store.insert(record('pump', 'P-2')), refused)
      await assert.rejects(store.update(record('pump', 'P-1', { revision: 2 })), refused)
      assert.equal((await store.get('pump', 'P-1'))?.revision, 1)
      await client.config('SET', 'maxmemory', '0')
      assert.equal(await store.findByUsername('pump/P-2'), undefined)
      await store.insert(record('pump', 'P-2'))
      assert.equal((await store.list()).records.length, 2)
    } finally {
      client.disconnect()
      await full.stop()
    }
  })

  for (const [title, settings, isKept] of [
    ['with an append-only file has', { appendonly: 'yes', appendfsync: 'always' }, true],
    ['without one has lost', { appendonly: 'no' }, false],
  ] as const) {
    test(`one that is killed and started ${title} what was written`, async () => {
      const own = await startRedis(settings)
      const { store, client } = direct('kept:', own.url)
      try {
        await store.insert(record('pump', 'P-1'))
        await store.insert(record('pump', 'P-2', { username: 'north' }))
        await store.update(record('pump', 'P-1', { revision: 2, revoked: true }))
        await store.insert(record('pump', 'P-3'))
        await store.delete('pump', 'P-3', 1)
        const back = new Promise((resolve) => client.once('ready', resolve))
        await own.kill()
        await own.restart()
        await back
        const records = [
          record('pump', 'P-1', { revision: 2, revoked: true }),
          record('pump', 'P-2', { username: 'north' }),
        ]
        assert.deepEqual((await store.list()).records, isKept ? records : [])
        assert.equal((await store.findByUsername('north'))?.id, isKept ? 'P-2' : undefined)
      } finally {
        client.disconnect()
        await own.stop()
      }
    })
  }
})

describe('an answer that Redis does not give', () => {
  for (const [title, answer] of [
    ['a number', 1],
    ['an object', {}],
    ['nothing', undefined],
    ['a list of numbers', [1, 2, 3, 4]],
    ['a list of bytes', [new Uint8Array(1)]],
  ] as const) {
    test(`${title} is refused by each method`, async () => {
      const store = redisStore(async () => answer)
      const strange = { name: 'TypeError', message: /^The client answers with / }
      await assert.rejects(store.get('pump', 'P-1'), strange)
      await assert.rejects(async () => store.findByUsername('pump/P-1'), strange)
      await assert.rejects(store.insert(record('pump', 'P-1')), strange)
      await assert.rejects(store.update(record('pump', 'P-1')), strange)
      await assert.rejects(store.delete('pump', 'P-1', 1), strange)
      await assert.rejects(store.list(), strange)
    })
  }

  test('what it refuses is told as a RedisError', async () => {
    const store = redisStore(async ([name]: RedisCommand) => {
      throw new Error(`NOPERM ${name}`)
    })
    await assert.rejects(store.get('pump', 'P-1'), { code: 'ERR_REDIS', message: /NOPERM HMGET/ })
    await assert.rejects(store.insert(record('pump', 'P-1')), { message: /NOPERM EVALSHA/ })
  })
})
