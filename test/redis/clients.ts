/**
 * Clients of Redis, each handed in as docs/redis.md says.
 *
 * @module
 */
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { IoRedis, SendRedisCommand } from '../../adapters/redis/index.ts'

/** An open connection. */
export interface OpenClient {
  /** What `redisKeys` takes. */
  readonly client: IoRedis | SendRedisCommand
  /** The client itself. */
  readonly raw: unknown
  close(): void
}

/** A client of ioredis, with the settings of the page. */
export function openIoRedis(
  url: string,
  more: { readonly enableReadyCheck?: boolean } = {},
): Redis {
  const settings = { maxRetriesPerRequest: 0, commandTimeout: 1_000, socketTimeout: 3_000 }
  const redis = new Redis(url, { ...settings, ...more })
  redis.on('error', () => {})
  return redis
}

async function openNodeRedis(url: string): Promise<OpenClient> {
  const client = createClient({ url, disableOfflineQueue: true })
  client.on('error', () => {})
  await client.connect()
  return {
    raw: client,
    client: (command) => client.sendCommand(command),
    close: () => client.destroy(),
  }
}

async function openBunRedis(url: string): Promise<OpenClient> {
  const client = new Bun.RedisClient(url, { enableOfflineQueue: false })
  await client.connect()
  return {
    raw: client,
    client: ([name, ...args]) => client.send(name, args),
    close: () => client.close(),
  }
}

/** How each client that runs here is opened, by its name, in the order of the page. */
export const clients: Readonly<Record<string, (url: string) => Promise<OpenClient>>> = {
  ioredis: async (url) => {
    const client = openIoRedis(url)
    return { client, raw: client, close: () => client.disconnect() }
  },
  'node-redis': openNodeRedis,
  ...('Bun' in globalThis && { "Bun's own client": openBunRedis }),
}
