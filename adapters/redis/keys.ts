/**
 * Expiring keys in Redis.
 *
 * @module
 */
import type { ExpiringKeys } from '../../src/base/expiring-keys.ts'
import { checkKey, checkLifetime, checkValue } from '../../src/base/key-bounds.ts'
import { type IoRedis, redisOf, type SendRedisCommand, strangeAnswer } from './client.ts'
import { type RedisOptions, readPrefix } from './prefix.ts'
import { COMPARE_AND_SET } from './script.ts'

/**
 * Keeps keys in Redis or Valkey, through a client that stays yours: it is neither connected nor closed
 * here. Each method sends one command (`GET`, `SET`, `EVALSHA`), and `compareAndSet` one more (`EVAL`)
 * where Redis does not have its script yet, or no longer.
 *
 * A method rejects with a {@link RedisError} if the client rejects, or 2 seconds pass without an answer;
 * a write may have been made then all the same. It rejects with a `TypeError`, and sends nothing, for a
 * key, value or lifetime beyond the bounds of {@link ExpiringKeys}; and with one for an answer that
 * Redis does not give, since the client makes something else of it.
 *
 * @param client A client of `ioredis` or `iovalkey`, or a function that sends commands through another.
 * @throws {ConfigError} If the client is neither, or an option is not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { redisKeys } from 'devicehub/redis'
 * import { Redis } from 'ioredis'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const redis = new Redis('redis://localhost:6379', { maxRetriesPerRequest: 0, commandTimeout: 1_000 })
 * const fleet = createFleet({ types: [pump], store: memoryStore(), keys: redisKeys(redis) })
 * ```
 */
export function redisKeys(
  client: IoRedis | SendRedisCommand,
  options: RedisOptions = {},
): ExpiringKeys {
  const prefix = readPrefix(options)
  const redis = redisOf(client)

  /** The name of a key in Redis. */
  function named(key: string): string {
    checkKey(key)
    return prefix + key
  }

  return {
    async get(key) {
      const value = await redis.ask('GET', named(key))
      if (value === null) return undefined
      if (typeof value !== 'string') throw strangeAnswer(value)
      return value
    },

    async set(key, value, lifetime) {
      checkValue('value', value)
      checkLifetime(lifetime)
      const answer = await redis.ask('SET', named(key), value, 'EX', `${lifetime}`)
      if (!wasSet(answer)) throw strangeAnswer(answer)
    },

    async setIfAbsent(key, value, lifetime) {
      checkValue('value', value)
      checkLifetime(lifetime)
      return wasSet(await redis.ask('SET', named(key), value, 'EX', `${lifetime}`, 'NX'))
    },

    async compareAndSet(key, expected, value, lifetime) {
      checkValue('expected value', expected)
      checkValue('value', value)
      checkLifetime(lifetime)
      const values = [expected, value, `${lifetime}`]
      return wasSet(await redis.evaluate(COMPARE_AND_SET, [named(key)], values))
    },
  }
}

/** Whether Redis set what it was to set. */
function wasSet(answer: unknown): boolean {
  if (answer === 'OK') return true
  if (answer === null) return false
  throw strangeAnswer(answer)
}
