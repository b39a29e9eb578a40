/**
 * Keys that two processes share in a real Redis, through each client that runs here.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Redis } from 'ioredis'
import { redisKeys } from '../../adapters/redis/index.ts'
import type { ExpiringKeys } from '../../src/index.ts'
import { keysContract } from '../../src/testing/keys/contract.ts'
import { declareContract } from '../support/contract.ts'
import { type RedisServer, redisMissing, startRedis } from '../support/redis.ts'
import { clients, type OpenClient, openIoRedis } from './clients.ts'

const INCREMENTS = 400
/** How many of them each of the two writers has under way. */
const LANES = 4

/** Keys that use one and the other in turn, as a process that is asked whatever another wrote. */
function inTurn(...[one, other]: readonly [ExpiringKeys, ExpiringKeys]): ExpiringKeys {
  let uses = 0
  const next = () => (uses++ % 2 === 0 ? one : other)
  return {
    get: (...args) => next().get(...args),
    set: (...args) => next().set(...args),
    setIfAbsent: (...args) => next().setIfAbsent(...args),
    compareAndSet: (...args) => next().compareAndSet(...args),
  }
}

/** Counts a key up by one, however many others do so too. Returns how often it was tried. */
async function increment(keys: ExpiringKeys, key: string): Promise<number> {
  for (let tries = 1; ; tries++) {
    const value = await keys.get(key)
    const next = `${Number(value ?? 0) + 1}`
    const written =
      value === undefined
        ? await keys.setIfAbsent(key, next, 60)
        : await keys.compareAndSet(key, value, next, 60)
    if (written) return tries
  }
}

describe('keys in Redis', { skip: redisMissing, timeout: 300_000 }, () => {
  let server: RedisServer
  let prefixes = 0
  before(async () => {
    server = await startRedis()
  })
  after(() => server?.stop())

  for (const [name, open] of Object.entries(clients)) {
    /** Two connections, and keys that are empty. */
    async function pair(): Promise<{ keys: [ExpiringKeys, ExpiringKeys]; close(): Promise<void> }> {
      const opened: [OpenClient, OpenClient] = [await open(server.url), await open(server.url)]
      const prefix = `test-${prefixes++}:`
      const [one, other] = opened.map(({ client }) => redisKeys(client, { prefix }))
      return {
        keys: [one!, other!],
        close: async () => {
          for (const each of opened) each.close()
        },
      }
    }

    declareContract(
      `the contract of expiring keys, by Redis through ${name}`,
      keysContract,
      async () => {
        const { keys, close } = await pair()
        return { keys: inTurn(...keys), close }
      },
    )

    test(`two writers that count up at once lose nothing, through ${name}`, async () => {
      const { keys, close } = await pair()
      try {
        let tries = 0
        const count = async (own: ExpiringKeys) => {
          for (let i = 0; i < INCREMENTS / (2 * LANES); i++) {
            const taken = await increment(own, 'n')
            tries += taken
          }
        }
        await Promise.all(Array.from({ length: 2 * LANES }, (_, i) => count(keys[i % 2]!)))
        assert.ok(tries > INCREMENTS, 'they never met')
        assert.equal(await keys[0].get('n'), `${INCREMENTS}`)
      } finally {
        await close()
      }
    })
  }

  describe('and what is seen of them there', () => {
    let redis: Redis
    before(() => {
      redis = openIoRedis(server.url)
    })
    after(() => redis?.disconnect())

    test('the keys of one prefix are not those of another', async () => {
      const keys = ['site-1:', 'site-2:'].map((prefix) => redisKeys(redis, { prefix }))
      const [one, other] = keys as [ExpiringKeys, ExpiringKeys]
      await one.set('a', '1', 60)
      assert.equal(await other.get('a'), undefined)
      assert.equal(await other.compareAndSet('a', '1', '2', 60), false)
      assert.equal(await other.setIfAbsent('a', '3', 60), true)
      assert.equal(await one.get('a'), '1')
      assert.equal(await redisKeys(redis).get('a'), undefined)
    })

    test('a key has its prefix, and each way to set it the end it was given', async () => {
      const keys = redisKeys(redis)
      await keys.set('set', '1', 86_400)
      await keys.setIfAbsent('absent', '1', 300)
      await keys.set('swapped', '1', 300)
      await keys.compareAndSet('swapped', '1', '2', 7_200)
      for (const [key, lifetime] of [
        ['set', 86_400],
        ['absent', 300],
        ['swapped', 7_200],
      ] as const) {
        const left = await redis.ttl(`devicehub:${key}`)
        assert.ok(left <= lifetime && left > lifetime - 60, `${key}: ${left}`)
      }
    })

    test('a write that is refused leaves value and end as they were', async () => {
      const keys = redisKeys(redis)
      await keys.set('kept', '1', 300)
      assert.equal(await keys.setIfAbsent('kept', '2', 7_200), false)
      assert.equal(await keys.compareAndSet('kept', '2', '3', 7_200), false)
      assert.equal(await keys.get('kept'), '1')
      assert.ok((await redis.ttl('devicehub:kept')) <= 300)
    })
  })
})
