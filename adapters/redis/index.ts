/**
 * What processes share in Redis or Valkey: what they may lose, such as token holders, seen ids and failed
 * logins, what they tell each other, and devices. The client is yours; no package is loaded.
 *
 * @module
 */
export type { IoRedis, RedisCommand, SendRedisCommand } from './client.ts'
export { RedisError } from './error.ts'
export { type IoRedisFeedClient, type IoRedisSubscriber, redisFeed } from './feed.ts'
export { redisKeys } from './keys.ts'
export type { RedisOptions } from './prefix.ts'
export { redisStore } from './store.ts'
