/**
 * What processes tell each other, by `PUBLISH` and `SUBSCRIBE` of Redis.
 *
 * @module
 */
import type { ChangeFeed } from '../../src/base/change-feed.ts'
import { ConfigError, toError } from '../../src/base/errors.ts'
import { type IoRedis, redisOf } from './client.ts'
import { RedisError } from './error.ts'
import { type RedisOptions, readPrefix } from './prefix.ts'

/** A connection of `ioredis` that subscribes. */
export interface IoRedisSubscriber {
  /** Connects. */
  connect(): Promise<unknown>
  /** Subscribes to a channel. */
  subscribe(channel: string): Promise<unknown>
  /** Calls a listener with each message. */
  on(event: 'message', listener: (channel: string, text: string) => void): unknown
  /** Calls a listener when something is wrong with the connection. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Calls a listener when the connection has ended. */
  on(event: 'end', listener: () => void): unknown
  /** Ends the connection. */
  disconnect(): void
}

/** What is used of a client of `ioredis` that publishes and subscribes. One of `iovalkey` has it, too. */
export interface IoRedisFeedClient extends IoRedis {
  /** Another client with the same options, but for those given. */
  duplicate(options: {
    readonly lazyConnect: true
    readonly retryStrategy: () => null
    readonly autoResubscribe: false
  }): IoRedisSubscriber
}

/**
 * Tells the processes of a fleet of each other's changes, over a channel of Redis or Valkey: the prefix,
 * and `changes`. The client stays yours; while it is listened to there is one more connection with its
 * settings, which is closed when it is lost: whoever listens makes the next.
 *
 * `publish` rejects with a {@link RedisError} if the client rejects, or 2 seconds pass without an answer.
 *
 * @param client A client of `ioredis` or `iovalkey`. For another one a {@link ChangeFeed} of a few lines
 * takes its place.
 * @throws {ConfigError} If the client is none, or an option is not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore, watchFleet } from 'devicehub'
 * import { redisFeed } from 'devicehub/redis'
 * import { Redis } from 'ioredis'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const redis = new Redis('redis://localhost:6379', { maxRetriesPerRequest: 0, commandTimeout: 1_000 })
 * const fleet = createFleet({ types: [pump], store: memoryStore(), feed: redisFeed(redis) })
 * await using watch = await watchFleet(fleet)
 * ```
 */
export function redisFeed(client: IoRedisFeedClient, options: RedisOptions = {}): ChangeFeed {
  const channel = `${readPrefix(options)}changes`
  const { ask } = redisOf(client)
  if (typeof (client as Partial<IoRedisFeedClient>).duplicate !== 'function') {
    throw new ConfigError('client', 'must be a client of ioredis: this one cannot be duplicated')
  }
  return {
    async publish(text) {
      await ask('PUBLISH', channel, text)
    },

    async listen(onText, onLost) {
      const subscriber = client.duplicate({
        lazyConnect: true,
        retryStrategy: () => null,
        autoResubscribe: false,
      })
      let isOver = false
      let problem: Error | undefined
      subscriber.on('error', (error) => {
        problem = error
      })
      subscriber.on('end', () => {
        if (!isOver) onLost(new RedisError(problem ?? new Error('the connection has ended')))
        isOver = true
      })
      subscriber.on('message', (of, text) => {
        if (!isOver && of === channel) onText(text)
      })
      const close = async () => {
        isOver = true
        subscriber.disconnect()
      }
      try {
        await subscriber.connect()
        await subscriber.subscribe(channel)
      } catch (error) {
        await close()
        throw new RedisError(problem ?? toError(error))
      }
      return { close }
    },
  }
}
