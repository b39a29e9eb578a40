/**
 * The scripts: Redis forgets one when it is told to, and when it is started again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Redis } from 'ioredis'
import { type RedisCommand, redisKeys } from '../../adapters/redis/index.ts'
import * as scripts from '../../adapters/redis/script.ts'
import { type RedisServer, redisMissing, startRedis } from '../support/redis.ts'
import { openIoRedis } from './clients.ts'

for (const [name, { text, sha1 }] of Object.entries(scripts)) {
  test(`${name} is known by its SHA-1`, () => {
    assert.equal(sha1, createHash('sha1').update(text).digest('hex'))
  })
}

describe('the script in Redis', { skip: redisMissing, timeout: 60_000 }, () => {
  let server: RedisServer
  let redis: Redis
  before(async () => {
    server = await startRedis()
    redis = openIoRedis(server.url)
  })
  after(async () => {
    redis?.disconnect()
    await server?.stop()
  })

  /** Keys, and the names of the commands that they send. */
  function watched() {
    const sent: string[] = []
    const keys = redisKeys(([name, ...args]: RedisCommand) => {
      sent.push(name)
      return redis.call(name, ...args)
    })
    return { keys, sent }
  }

  test('is sent once, and again after it was flushed', async () => {
    const { keys, sent } = watched()
    await keys.set('a', '0', 60)
    for (let i = 0; i < 4; i++) {
      if (i === 2) await redis.script('FLUSH')
      assert.equal(await keys.compareAndSet('a', `${i}`, `${i + 1}`, 60), true)
      assert.equal(await keys.compareAndSet('a', `${i}`, `${i + 1}`, 60), false)
    }
    const known = ['EVALSHA', 'EVALSHA', 'EVALSHA']
    const found = ['EVALSHA', 'EVAL', ...known]
    assert.deepEqual(sent, ['SET', ...found, ...found])
    assert.equal(await keys.get('a'), '4')
  })

  test('and again after Redis was started anew', async () => {
    const { keys, sent } = watched()
    await keys.set('a', '0', 60)
    await keys.compareAndSet('a', '0', '1', 60)
    const back = new Promise((resolve) => redis.once('ready', resolve))
    await server.kill()
    await server.restart()
    await back
    sent.length = 0
    assert.equal(await keys.compareAndSet('a', '1', '2', 60), false) // Redis has lost it.
    await keys.set('a', '1', 60)
    assert.equal(await keys.compareAndSet('a', '1', '2', 60), true)
    assert.deepEqual(sent, ['EVALSHA', 'EVAL', 'SET', 'EVALSHA'])
  })

  test('is not sent for any other error', async () => {
    const { keys, sent } = watched()
    await redis.lpush('devicehub:list', 'x')
    await assert.rejects(async () => keys.compareAndSet('list', 'x', 'y', 60), {
      name: 'RedisError',
      code: 'ERR_REDIS',
      message: /^Redis: WRONGTYPE /,
    })
    assert.deepEqual(sent, ['EVALSHA'])
  })
})
