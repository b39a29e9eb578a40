/**
 * The feed of a Redis: through ioredis, and through what docs/redis.md has for other clients.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { redisFeed } from '../../adapters/redis/index.ts'
import { changeFeedContract } from '../../src/testing/index.ts'
import { declareContract } from '../support/contract.ts'
import { type RedisServer, redisMissing, startRedis } from '../support/redis.ts'
import { Collector } from '../support/wait.ts'
import { openIoRedis } from './clients.ts'

describe('Redis', { skip: redisMissing, timeout: 120_000 }, () => {
  let server: RedisServer
  before(async () => {
    server = await startRedis()
  })
  after(() => server?.stop())

  declareContract('the contract of a change feed, by ioredis', changeFeedContract, async () => {
    const clients = [openIoRedis(server.url), openIoRedis(server.url)] as const
    return {
      one: redisFeed(clients[0]),
      other: redisFeed(clients[1]),
      sever: () => clients[0].call('CLIENT', 'KILL', 'TYPE', 'PUBSUB'),
      close: async () => clients.forEach((client) => void client.disconnect()),
    }
  })

  test('those of another prefix are not told', async () => {
    const client = openIoRedis(server.url)
    const [here, there] = [redisFeed(client), redisFeed(client, { prefix: 'site-1:' })]
    const heard = new Collector<string>()
    const connection = await there.listen(heard.push, () => {})
    await here.publish('to others')
    await there.publish('to these')
    assert.deepEqual(await heard.reach(1, 'texts'), ['to these'])
    await connection.close()
    client.disconnect()
  })

  test('without Redis it says so, and leaves no connection', async () => {
    const client = openIoRedis('redis://127.0.0.1:1')
    const feed = redisFeed(client)
    const ignore = () => {}
    await assert.rejects(feed.listen(ignore, ignore), {
      code: 'ERR_REDIS',
      message: /ECONNREFUSED/,
    })
    await assert.rejects(feed.publish('a'), { code: 'ERR_REDIS' })
    client.disconnect()
  })

  for (const [title, client] of [
    ['a function', async () => {}],
    ['a client that cannot be duplicated', { call: async () => {} }],
    ['nothing', undefined],
  ] as const) {
    test(`is not made of ${title}`, () => {
      assert.throws(() => redisFeed(client as never), { code: 'ERR_CONFIG', key: 'client' })
    })
  }
})
