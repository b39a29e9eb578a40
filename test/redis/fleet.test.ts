/**
 * Two processes of one fleet that share keys in a real Redis: holders of tokens, guesses, handled
 * messages; and what goes on while Redis is away.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Redis } from 'ioredis'
import * as v from 'valibot'
import { redisKeys } from '../../adapters/redis/index.ts'
import { MAX_USER_FAILURES } from '../../src/fleet/throttle.ts'
import {
  createFleet,
  createHub,
  defineDeviceType,
  type ExpiringKeys,
  type Fleet,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'
import { type RedisServer, redisMissing, startRedis } from '../support/redis.ts'
import { openIoRedis } from './clients.ts'

const PEPPER = 'a pepper of more than 16 bytes'
const PASSWORD = 'chosen-by-somebody'
// Of that password, with one round: what counts here is which checks are made.
const HASH = 'pbkdf2_sha256$1$c2FsdHNhbHQ$wSteZL4PAcS7Oxgb3rh9oDge0DK8TB49h0yfMMSRzSs='
const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })

describe('processes that share a Redis', { skip: redisMissing, timeout: 120_000 }, () => {
  let server: RedisServer
  let redis: readonly [Redis, Redis]
  let keys: readonly [ExpiringKeys, ExpiringKeys]
  let fleets: readonly [Fleet, Fleet]
  before(async () => {
    server = await startRedis()
    redis = [openIoRedis(server.url), openIoRedis(server.url)]
    keys = [redisKeys(redis[0]), redisKeys(redis[1])]
    const store = memoryStore()
    const make = (own: ExpiringKeys): Fleet =>
      createFleet({ types: [pump], store, pepper: PEPPER, keys: own })
    fleets = [make(keys[0]), make(keys[1])]
  })
  after(async () => {
    for (const client of redis ?? []) client.disconnect()
    await server?.stop()
  })

  const filter = 'things/pump/P-1/data'
  const token = (fleet: Fleet) =>
    fleet.issueToken({ rules: [{ effect: 'allow', actions: ['subscribe'], filter }] })
  const ask = async (fleet: Fleet, username: string) =>
    (await fleet.authorize({ username, action: 'subscribe', topic: filter })).code
  const login = async (fleet: Fleet, username: string, password: string) => {
    const outcome = await fleet.authenticate({ username, password })
    return outcome.effect === 'allow' ? 'allow' : outcome.code
  }

  test('the holder of a token logs in at one, and the other answers', async () => {
    const { username, password } = token(fleets[0])
    assert.equal(await ask(fleets[1], username), 'principal-unknown')
    assert.equal(await login(fleets[0], username, password), 'allow')
    assert.equal(await ask(fleets[1], username), 'allowed-by-rule')
  })

  test('guesses that come at once at both are counted together', async () => {
    await fleets[0].importDevice(pump, 'guessed', HASH)
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, i) => login(fleets[i % 2]!, 'pump/guessed', `guess ${i}`)),
    )
    const tried = outcomes.filter((outcome) => outcome === 'password-wrong')
    assert.equal(tried.length, MAX_USER_FAILURES)
    assert.equal(await login(fleets[1], 'pump/guessed', PASSWORD), 'throttled')
  })

  test('a message that one hub handled is not handled by another', async () => {
    const handled: number[] = []
    const { topics } = await fleets[0].provision(pump, 'P-1')
    const logger = { info() {}, warn() {}, error() {} }
    for (const [i, fleet] of fleets.entries()) {
      const broker = memoryServer()
      const hub = createHub(fleet, {
        brokers: { default: memoryBroker(broker) },
        logger,
        seen: keys[i]!,
      })
      hub.onData(pump, ({ data }) => void handled.push(data.rpm))
      await hub.start()
      const device = memoryBroker(broker)
      await device.connect({ onMessage: () => {} })
      for (const [rpm, id] of [
        [10 + i, 'the same'],
        [20 + i, `of ${i}`],
      ] as const) {
        const payload = new TextEncoder().encode(JSON.stringify({ rpm }))
        await device.publish({ topic: topics.data, payload, userProperties: { 'message-id': id } })
      }
      await hub.close() // Handles what it has.
      await device.close()
    }
    assert.deepEqual(handled, [10, 20, 21])
  })

  test('while Redis is away devices log in, and tokens are a failure and no denial', async () => {
    const generated = await fleets[0].provision(pump, 'P-generated')
    await fleets[0].importDevice(pump, 'chosen', HASH)
    const held = token(fleets[0])
    assert.equal(await login(fleets[0], held.username, held.password), 'allow')
    await server.kill()
    for (const fleet of fleets) {
      assert.equal(await login(fleet, generated.username, generated.password), 'allow')
      assert.equal(await login(fleet, 'pump/chosen', PASSWORD), 'allow')
      assert.equal(await login(fleet, 'pump/chosen', 'a guess'), 'password-wrong')
      const away = { name: 'RedisError', code: 'ERR_REDIS' }
      await assert.rejects(login(fleet, held.username, held.password), away)
    }
    await assert.rejects(ask(fleets[1], held.username), { code: 'ERR_REDIS' })
    await server.restart()
    // One of a restarted Redis has to log in again, which it can as soon as the clients are back.
    for (const client of redis) {
      if (client.status !== 'ready') await new Promise((resolve) => client.once('ready', resolve))
    }
    assert.equal(await ask(fleets[1], held.username), 'principal-unknown')
    assert.equal(await login(fleets[0], held.username, held.password), 'allow')
    assert.equal(await ask(fleets[1], held.username), 'allowed-by-rule')
  })
})
