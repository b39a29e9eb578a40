/**
 * Commands of Redis through a client that is the application's.
 *
 * @module
 */
import { withinDeadline } from '../../src/base/deadline.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { RedisError } from './error.ts'
import type { RedisScript } from './script.ts'

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

/** Milliseconds for an answer: half of what the routes have for a decision. */
const ANSWER_LIMIT_MS = 2_000

/** Asks Redis. */
export interface Redis {
  /** Sends a command. @throws {RedisError} If the client rejects, or nothing is answered in time. */
  ask(...command: RedisCommand): Promise<unknown>
  /** Runs a script. @throws {RedisError} As {@link Redis.ask} does. */
  evaluate(
    script: RedisScript,
    keys: readonly string[],
    values: readonly string[],
  ): Promise<unknown>
}

/** Makes it. @throws {ConfigError} If the client is none. */
export function redisOf(client: IoRedis | SendRedisCommand): Redis {
  const send = senderOf(client)

  async function ask(...command: RedisCommand): Promise<unknown> {
    try {
      return await withinDeadline(ANSWER_LIMIT_MS, async () => send(command), undefined, 'answer')
    } catch (error) {
      throw new RedisError(error)
    }
  }

  return {
    ask,
    async evaluate({ text, sha1 }, keys, values) {
      const args = [`${keys.length}`, ...keys, ...values]
      try {
        return await ask('EVALSHA', sha1, ...args)
      } catch (error) {
        if (!isScriptMissing(error)) throw error
        // It was not run. This runs it, and makes it known for the next time.
        return ask('EVAL', text, ...args)
      }
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

function isScriptMissing(error: unknown): boolean {
  return error instanceof RedisError && error.problem.startsWith('NOSCRIPT')
}

/** Named by its type alone: what it holds is somebody's. */
export function strangeAnswer(answer: unknown): TypeError {
  const found = answer === null ? 'null' : typeof answer
  return new TypeError(`The client answers with ${found}: it must give texts of Redis as strings`)
}
