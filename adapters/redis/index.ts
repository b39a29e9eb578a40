/**
 * What processes share for a while and may lose, in Redis or Valkey: token holders, seen ids, failed
 * logins. The client is yours; no package is loaded.
 *
 * @module
 */
import { withinDeadline } from '../../src/base/deadline.ts'
import { ConfigError } from '../../src/base/errors.ts'
import type { ExpiringKeys } from '../../src/base/expiring-keys.ts'
import { checkKey, checkLifetime, checkValue } from '../../src/base/key-bounds.ts'
import { checkOptions } from '../../src/base/options.ts'
import { RedisError } from './error.ts'
import { COMPARE_AND_SET, COMPARE_AND_SET_SHA1 } from './script.ts'

export { RedisError } from './error.ts'

/** What is used of a client of `ioredis`. One of `iovalkey` has it, too. */
export interface IoRedis {
  /** Sends a command, and settles with Redis's answer. */
  call(name: string, ...args: string[]): Promise<unknown>
}

/** A command of Redis: its name, such as `SET`, and its arguments. */
export type RedisCommand = readonly [name: string, ...args: string[]]

/**
 * Sends a command through any other client, and settles with the answer: a bulk or simple string as a
 * string, a null as `null`. It rejects where Redis answers with an error, whose message begins as
 * Redis's does, such as with `NOSCRIPT`.
 */
export type SendRedisCommand = (command: RedisCommand) => Promise<unknown>

/** What {@link redisKeys} takes beside the client. */
export interface RedisKeysOptions {
  /**
   * What the keys begin with in Redis, 1 to 128 characters of well-formed Unicode: whoever else uses the
   * same database needs another one, of which neither begins with the other. All processes that are to
   * share keys have the same. Default: `devicehub:`.
   */
  readonly prefix?: string
}

const DEFAULT_PREFIX = 'devicehub:'
const MAX_PREFIX_LENGTH = 128
/** Milliseconds for an answer: half of what the routes have for a decision. */
const ANSWER_LIMIT_MS = 2_000

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
  options: RedisKeysOptions = {},
): ExpiringKeys {
  checkOptions(options, { prefix: true })
  const { prefix = DEFAULT_PREFIX } = options
  checkPrefix(prefix)
  const send = senderOf(client)

  async function ask(...command: RedisCommand): Promise<unknown> {
    try {
      return await withinDeadline(ANSWER_LIMIT_MS, async () => send(command), undefined, 'answer')
    } catch (error) {
      throw new RedisError(error)
    }
  }

  /** The name of a key in Redis. */
  function named(key: string): string {
    checkKey(key)
    return prefix + key
  }

  async function evaluate(...args: readonly string[]): Promise<unknown> {
    try {
      return await ask('EVALSHA', COMPARE_AND_SET_SHA1, '1', ...args)
    } catch (error) {
      if (!isScriptMissing(error)) throw error
      // It was not run. This runs it, and makes it known for the next time.
      return ask('EVAL', COMPARE_AND_SET, '1', ...args)
    }
  }

  return {
    async get(key) {
      const value = await ask('GET', named(key))
      if (value === null) return undefined
      if (typeof value !== 'string') throw strangeAnswer(value)
      return value
    },

    async set(key, value, lifetime) {
      checkValue('value', value)
      checkLifetime(lifetime)
      const answer = await ask('SET', named(key), value, 'EX', `${lifetime}`)
      if (!wasSet(answer)) throw strangeAnswer(answer)
    },

    async setIfAbsent(key, value, lifetime) {
      checkValue('value', value)
      checkLifetime(lifetime)
      return wasSet(await ask('SET', named(key), value, 'EX', `${lifetime}`, 'NX'))
    },

    async compareAndSet(key, expected, value, lifetime) {
      checkValue('expected value', expected)
      checkValue('value', value)
      checkLifetime(lifetime)
      return wasSet(await evaluate(named(key), expected, value, `${lifetime}`))
    },
  }
}

function senderOf(client: IoRedis | SendRedisCommand): SendRedisCommand {
  if (typeof client === 'function') return client
  // JavaScript may hand in anything.
  if (typeof (client as Partial<IoRedis> | undefined | null)?.call === 'function') {
    return ([name, ...args]) => client.call(name, ...args)
  }
  const known = 'a client of ioredis, or a function that sends a command through another client'
  throw new ConfigError('client', `must be ${known}`)
}

function checkPrefix(prefix: unknown): void {
  const isText = typeof prefix === 'string' && prefix !== '' && !/\p{Surrogate}/u.test(prefix)
  if (isText && prefix.length <= MAX_PREFIX_LENGTH) return
  throw new ConfigError('prefix', `must be a text of 1 to ${MAX_PREFIX_LENGTH} characters`)
}

/** Whether Redis set what it was to set. */
function wasSet(answer: unknown): boolean {
  if (answer === 'OK') return true
  if (answer === null) return false
  throw strangeAnswer(answer)
}

/** Named by its type alone: what it holds is somebody's. */
function strangeAnswer(answer: unknown): TypeError {
  const found = answer === null ? 'null' : typeof answer
  return new TypeError(`The client answers with ${found}: it must give texts of Redis as strings`)
}

function isScriptMissing(error: unknown): boolean {
  return error instanceof RedisError && error.problem.startsWith('NOSCRIPT')
}
