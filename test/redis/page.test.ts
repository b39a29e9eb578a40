/**
 * docs/redis.md: its programs and its line for each client keep the contract, and a user of Redis with
 * the rights it names may do what is needed and no more.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Redis } from 'ioredis'
import { redisFeed, redisKeys, redisStore } from '../../adapters/redis/index.ts'
import type { ExpiringKeys } from '../../src/index.ts'
import { changeFeedContract } from '../../src/testing/index.ts'
import { record } from '../../src/testing/store/record.ts'
import { declareContract } from '../support/contract.ts'
import { codeBlocks, codeSpans, fileName, readTable } from '../support/markdown.ts'
import { type RedisServer, redisMissing, startRedis } from '../support/redis.ts'
import { Collector } from '../support/wait.ts'
import { clients, openIoRedis } from './clients.ts'

const page = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8')
const programs = codeBlocks(page, 'ts')
const rows = readTable(page, 'Client', 'What to hand in')

/** What the programs leave open. */
interface Opened {
  readonly redis: { disconnect(): void }
  readonly client: { destroy(): void }
}

/** Uses each method. */
async function use(keys: ExpiringKeys, key: string): Promise<void> {
  assert.equal(await keys.setIfAbsent(key, '1', 60), true)
  assert.equal(await keys.setIfAbsent(key, '2', 60), false)
  assert.equal(await keys.compareAndSet(key, '2', '3', 60), false)
  assert.equal(await keys.compareAndSet(key, '1', '3', 60), true)
  assert.equal(await keys.get(key), '3')
  await keys.set(key, '4', 60)
  assert.equal(await keys.get(key), '4')
}

describe('the page', { skip: redisMissing, timeout: 60_000 }, () => {
  const { REDIS_URL } = process.env
  const opened: Readonly<Record<string, (program: Opened) => void>> = {
    'keys.ts': ({ redis }) => redis.disconnect(),
    'node-redis.ts': ({ client }) => client.destroy(),
  }
  let folder: string
  let server: RedisServer
  before(async () => {
    server = await startRedis()
    process.env.REDIS_URL = server.url
    // Below the tests, so that the entry points and the packages are found by their names.
    folder = mkdtempSync(join(fileURLToPath(new URL('..', import.meta.url)), '.programs-redis-'))
    for (const { source } of programs) writeFileSync(join(folder, fileName(source)!), source)
  })
  after(async () => {
    if (REDIS_URL === undefined) delete process.env.REDIS_URL
    else process.env.REDIS_URL = REDIS_URL
    // What the programs share, once.
    for (const [name, end] of Object.entries(opened)) end(await load(name))
    if (folder) rmSync(folder, { recursive: true, force: true })
    await server?.stop()
  })
  const load = (name: string) => import(pathToFileURL(join(folder, name)).href)

  test('has the programs that are tried here', () => {
    const names = programs.map(({ source }) => fileName(source))
    assert.deepEqual(names, [
      'keys.ts',
      'hub.ts',
      'node-redis.ts',
      'watch.ts',
      'node-redis-feed.ts',
      'store.ts',
    ])
  })

  test('its program with ioredis, and the hub that shares those keys', async () => {
    const { keys } = await load('keys.ts')
    await use(keys, 'of the page')
    const { hub } = await load('hub.ts')
    await hub.start()
    assert.equal(hub.ready, true)
    await hub.close()
  })

  test('its program with node-redis', async () => {
    const { keys } = await load('node-redis.ts')
    await use(keys, 'of node-redis')
  })

  test('its program that watches', async () => {
    const { watch } = await load('watch.ts')
    const { isListening } = watch
    await watch.close()
    assert.equal(isListening, true)
  })

  declareContract(
    'the contract of a change feed, by that of the page, with node-redis',
    changeFeedContract,
    async () => {
      const { feed } = await load('node-redis-feed.ts')
      const other = openIoRedis(server.url)
      const sever = () => other.call('CLIENT', 'KILL', 'TYPE', 'PUBSUB')
      return { one: feed, other: redisFeed(other), sever, close: async () => other.disconnect() }
    },
  )

  for (const [i, [name, open]] of Object.entries(clients).entries()) {
    test(`its line for ${name}`, async () => {
      const [line] = codeSpans(rows[i]!['What to hand in']!)
      const { raw, close } = await open(server.url)
      try {
        const make = new Function('redisKeys', 'client', `return ${line}`)
        await use(make(redisKeys, raw), `by the line for ${name}`)
      } finally {
        close()
      }
    })
  }

  /** Has Redis know the user of a line, and connects as that one. */
  async function becomeUser(admin: Redis, line: number): Promise<Redis> {
    const lines = codeBlocks(page, 'sh').filter(({ source }) => source.includes('ACL SETUSER'))
    const words = lines[line]!.source.trim().split(' ').slice(1)
    const [name, ...args] = words.map((word) => word.replaceAll("'", ''))
    await admin.call(name!, ...args)
    const url = server.url.replace('//', '//devicehub:PASSWORD@')
    return openIoRedis(url, { enableReadyCheck: false })
  }

  test('its program that keeps devices there', async () => {
    const { fleet } = await load('store.ts')
    const type = fleet.type('meter')
    await fleet.provision(type, 'M-1')
    assert.equal((await fleet.list({ type: 'meter' })).records.length, 1)
    await fleet.remove(type, 'M-1')
    assert.deepEqual((await fleet.list()).records, [])
  })

  test('its user of Redis that keeps devices may do that, and the other may not', async () => {
    const denied = { message: /^Redis: (NOPERM|ERR The user executing the script can't)/ }
    const admin = openIoRedis(server.url)
    const users: Redis[] = []
    try {
      const without = await becomeUser(admin, 0)
      users.push(without)
      await assert.rejects(redisStore(without).get('pump', 'P-1'), denied)
      await assert.rejects(redisStore(without).insert(record('pump', 'P-1')), denied)
      const user = await becomeUser(admin, 1)
      users.push(user)
      await use(redisKeys(user), 'of that user')
      const store = redisStore(user)
      assert.equal(await store.get('pump', 'P-1'), undefined)
      await store.insert(record('pump', 'P-1'))
      await store.update(record('pump', 'P-1', { revision: 2 }))
      assert.equal((await store.findByUsername('pump/P-1'))?.revision, 2)
      assert.equal((await store.list({ revoked: true })).records.length, 0)
      assert.equal((await store.list()).records.length, 1)
      await store.delete('pump', 'P-1', 2)
      const foreign = redisStore(user, { prefix: 'other:' })
      await assert.rejects(foreign.get('pump', 'P-1'), denied)
      await assert.rejects(foreign.insert(record('pump', 'P-1')), denied)
      await assert.rejects(foreign.list(), denied)
    } finally {
      for (const user of users) user.disconnect()
      await admin.call('ACL', 'DELUSER', 'devicehub')
      admin.disconnect()
    }
  })

  test('its user of Redis may do what is needed, and no more', async () => {
    const admin = openIoRedis(server.url)
    const user = await becomeUser(admin, 0)
    try {
      await use(redisKeys(user), 'of the user')
      const heard = new Collector<string>()
      const connection = await redisFeed(user).listen(heard.push, () => {})
      await redisFeed(user).publish('a change')
      assert.deepEqual(await heard.reach(1, 'texts'), ['a change'])
      await connection.close()
      // Of another prefix, and what else Redis has.
      const foreign = redisKeys(user, { prefix: 'other:' })
      const denied = { message: /^Redis: NOPERM / }
      await assert.rejects(async () => foreign.get('a'), denied)
      await assert.rejects(async () => foreign.set('a', '1', 60), denied)
      await assert.rejects(async () => foreign.compareAndSet('a', '1', '2', 60), denied)
      const foreignFeed = redisFeed(user, { prefix: 'other:' })
      await assert.rejects(foreignFeed.publish('a'), denied)
      const ignore = () => {}
      await assert.rejects(foreignFeed.listen(ignore, ignore), denied)
      for (const command of ['KEYS *', 'FLUSHALL', 'CONFIG GET *', 'DEL devicehub:a', 'ACL LIST']) {
        const [first, ...rest] = command.split(' ') as [string, ...string[]]
        await assert.rejects(user.call(first, ...rest), { message: /^NOPERM / }, command)
      }
    } finally {
      user.disconnect()
      admin.disconnect()
    }
  })
})
